//! Handshakes between two ends in memory.

mod alpn;
mod carried;
mod connection_id;
mod driven;
mod handshake;
mod key_limit;
mod late_refusals;
mod lines;
pub(in crate::tls) mod meeting;
pub(in crate::tls) mod mint;
mod names;
mod proven;
mod refusals;
mod root_times;
mod sessions;
mod strangers;
mod talk;
mod turns;
mod versions;
pub(in crate::tls) mod wire;
