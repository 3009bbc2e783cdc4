//! What a resolver is told. Every field has been checked by the time that it is here.

use std::{net::SocketAddr, time::Duration};

use eastwest_daemon::Bounds;

use crate::{alias::search::SearchDomains, name::Domain};

/// Seconds that clients may keep an alias's answer, by default. Short: a name that moves between
/// capture modes moves at once. A look-up costs microseconds.
pub const DEFAULT_TTL: u32 = 5;

/// How long one name server has for its answer, by default.
pub const DEFAULT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);

/// All of a forward: within the five seconds after which the C library asks again.
pub const DEFAULT_TOTAL_TIMEOUT: Duration = Duration::from_millis(4500);

/// A resolver's settings.
#[derive(Debug, Clone)]
pub struct ResolverConfig {
    /// Where questions are taken, over UDP and TCP. Port 0 takes a free one, the same for both.
    pub listen: Vec<SocketAddr>,
    /// Search domains that may stand behind an alias.
    pub search: SearchDomains,
    /// Seconds that clients may keep an answer about an alias.
    pub ttl: u32,
    /// Where all other names go.
    pub forwarding: Forwarding,
    /// Bounds on TCP clients.
    pub tcp: TcpLimits,
}

impl ResolverConfig {
    /// Defaults, for clients in a cluster of that domain; forwards nothing yet.
    pub fn new(listen: Vec<SocketAddr>, cluster_domain: Domain) -> Self {
        Self {
            listen,
            search: SearchDomains::new(cluster_domain, []),
            ttl: DEFAULT_TTL,
            forwarding: Forwarding::default(),
            tcp: TcpLimits::default(),
        }
    }
}

/// The name servers for all names that are no alias.
#[derive(Debug, Clone)]
pub struct Forwarding {
    /// Asked in this order. Without any, names that are no alias are refused.
    pub upstreams: Vec<SocketAddr>,
    /// Spread questions over the name servers instead of preferring the first.
    pub rotate: bool,
    /// How long one name server has for its answer.
    pub attempt_timeout: Duration,
    /// How long the client waits at most, whatever the number of name servers.
    pub total_timeout: Duration,
    /// How many questions may be on their way at a time; more get SERVFAIL.
    pub at_once: usize,
}

impl Default for Forwarding {
    fn default() -> Self {
        Self {
            upstreams: Vec::new(),
            rotate: false,
            attempt_timeout: DEFAULT_ATTEMPT_TIMEOUT,
            total_timeout: DEFAULT_TOTAL_TIMEOUT,
            at_once: 512,
        }
    }
}

/// Bounds on TCP clients.
#[derive(Debug, Clone, Copy)]
pub struct TcpLimits {
    /// Connections at a time, of all addresses. Of who has more than its share of them, or most where all
    /// are taken, the oldest is closed for the next.
    pub connections: Bounds,
    /// Questions of one connection that are being answered at a time (RFC 7766 section 6.2.1.1);
    /// more are not read.
    pub questions: usize,
    /// A connection on which no whole question arrives for this long is closed.
    pub idle: Duration,
}

impl Default for TcpLimits {
    fn default() -> Self {
        Self {
            connections: Bounds {
                in_all: 256,
                of_one: 64,
            },
            questions: 32,
            idle: Duration::from_secs(10),
        }
    }
}
