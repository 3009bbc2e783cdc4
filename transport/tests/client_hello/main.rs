//! The ClientHello reader, from outside: what it reads, what it refuses, and that rustls agrees.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod connection_id;
mod differential;
mod extensions;
mod hello;
mod oracle;
mod reading;
mod refusals;
mod splits;
