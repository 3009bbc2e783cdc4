//! What the benchmarks have in common: clocks, what else the machine does, statistics, tables.

pub mod machine;
pub mod meter;
pub mod process;
pub mod stats;
pub mod table;
