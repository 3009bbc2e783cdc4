//! The resolver over its sockets, with name servers made up by the test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a step that fails is a test that fails"
)]

mod ask;
mod fake_upstream;
mod program;
mod running;

mod aliases;
mod arbitrary;
mod crowd;
mod edns;
mod failover;
mod forwarding;
mod load;
mod loops;
mod malformed;
mod process;
mod search_path;
mod starting;
mod tcp;
