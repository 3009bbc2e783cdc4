//! Hot restart: what a new gateway process takes over from an old one, and what nobody notices.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod bulk;
mod connections;
mod crowd;
mod drained;
mod ground;
mod half_way;
#[path = "../process/log.rs"]
mod log;
mod names;
mod ports;
mod refused;
mod supervised;
mod taken_away;
mod talk;
mod unit;
