//! The redirect rules in a real kernel: each test in a network namespace of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends at the first surprise"
)]

mod command;
mod dns;
mod guard;
mod keep;
mod nft;
mod own_namespace;
mod pod;
mod redirect;
mod rights;
mod routes;
mod rules;
mod wire;
