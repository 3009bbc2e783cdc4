//! Handshakes between two ends in memory.

mod alpn;
mod handshake;
pub(in crate::tls) mod meeting;
pub(in crate::tls) mod mint;
mod names;
mod refusals;
mod sessions;
mod strangers;
mod versions;
