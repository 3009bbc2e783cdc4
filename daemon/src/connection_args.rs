//! The flags of the servers that carry connections.

use std::num::NonZeroUsize;

use clap::Args;

use crate::duration::HumanDuration;

/// Times of a connection, the same for the gateway and the shim.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connections")]
pub struct ConnectionArgs {
    /// Time to find and connect to where a connection goes, over all addresses it has
    #[arg(long, value_name = "DURATION", default_value = "5s")]
    pub connect_timeout: HumanDuration,

    /// How long a connection may be silent after one side has finished sending
    ///
    /// There is no limit while both sides are open: a replication stream may be idle for days.
    #[arg(long, value_name = "DURATION", default_value = "60s")]
    pub half_close_timeout: HumanDuration,

    /// Silence after which the other end is asked whether it is still there; 0 never asks
    ///
    /// A peer that vanished is noticed after this time plus three times the interval; where something is
    /// on its way to it, up to two sevenths of that sooner. One that answers and merely does not read
    /// is left alone.
    #[arg(long, value_name = "DURATION", default_value = "5s")]
    pub keepalive: HumanDuration,

    /// Time between two such questions, of which three may stay unanswered
    #[arg(long, value_name = "DURATION", default_value = "3s")]
    pub keepalive_interval: HumanDuration,

    /// Connections that may be open at a time [default: as many as there are open files for]
    ///
    /// One more is reset at once, so that its app can try elsewhere. Each takes two files; an eighth of
    /// those that are allowed and 128 more are kept back for other things: 23 connections where 200 are
    /// allowed (`ulimit -Hn`), 384 of 1024, 28608 of 65536.
    #[arg(long, value_name = "N")]
    pub max_connections: Option<NonZeroUsize>,

    /// The same for one source, an IPv4 address or a /64 of IPv6 [default: no limit]
    ///
    /// Clients behind one NAT gateway share it, and so do all behind a load balancer that has its own
    /// address in their place. Pods with IPv6 addresses usually share a /64 with all others of their node
    /// (--node-cidr-mask-size-ipv6 of Kubernetes is 64 by default): N is then for a node.
    #[arg(long, value_name = "N")]
    pub max_connections_per_source: Option<NonZeroUsize>,

    /// The same for one route: an alias, a pod or a port of the app [default: no limit]
    #[arg(long, value_name = "N")]
    pub max_connections_per_route: Option<NonZeroUsize>,
}
