//! Measuring: clocks, what else the machine does, statistics of rounds, tables and drawings; and other
//! programs that are measured beside ours.

pub mod keys;
pub mod machine;
pub mod meter;
pub mod peer;
pub mod process;
pub mod stats;
pub mod svg;
pub mod table;
