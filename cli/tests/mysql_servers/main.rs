//! Real servers on loopback addresses: fetched, started, replicating, compared.

#![allow(clippy::unwrap_used, clippy::panic)] // a test fails by panicking, in its parts too

mod fetching;
mod pair;
mod reaching;
mod replicating;
mod running;
