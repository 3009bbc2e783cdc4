//! The resolver: answers the aliases of the manifests with their virtual IPs; what it is asked for
//! all other names goes to the cluster's own DNS and comes back octet for octet.
//!
//! As a part of another process: [`server::Resolver::bind`] with a [`config::ResolverConfig`] and an
//! [`alias::AliasTable`], which may be swapped at any time. As a process: [`main`].
//!
//! # Map
//! The way of a question:
//! - `server`: the sockets; `server::udp` and `server::tcp` read questions
//! - [`plain`]: nearly all questions for aliases, answered at once
//! - `dispatch`: what is done with any other: answered, forwarded, or refused
//! - [`zone`]: the answer for an alias, found by [`alias`] and [`alias::search`]
//! - `forward`: name servers, in which order and for how long; `forward::exchange` asks one
//! - `reply`: the way back, with the client's limits
//!
//! Beside it: [`name`] and `wire` (the octets), [`upstreams`] and [`resolv_conf`] (who is asked),
//! `args`, `manifests`, `run` (the process).

pub mod alias;
mod args;
pub mod config;
mod dispatch;
mod forward;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;
mod manifests;
mod metrics;
pub mod name;
pub mod plain;
mod reply;
pub mod resolv_conf;
mod run;
pub mod server;
pub mod status;
pub mod upstreams;
mod wire;
pub mod zone;

pub use args::{ForwardingArgs, Mode, ResolverArgs};
pub use forward::upstream::UpstreamState;
pub use run::{Config, command, main, run};
