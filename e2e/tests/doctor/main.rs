//! `eastwest doctor`: each fault is made in the two clusters, and it says which, where, and soon.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod app;
mod certificates;
mod clocks;
mod examined;
mod faults;
mod gateway;
mod identities;
mod in_pod;
mod istio;
mod mtu;
mod mysql;
mod pod;
mod told_nothing;
mod usage;
mod view;
mod whole;
