//! Measuring: clocks, what else the machine does, statistics of rounds, tables and drawings.

pub mod machine;
pub mod meter;
pub mod process;
pub mod stats;
pub mod svg;
pub mod table;
