//! How other programs are told to do the job of ours.

pub mod envoy;
pub mod haproxy;
