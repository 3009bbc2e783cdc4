//! What the benchmarks have in common: clocks, what else the machine does, statistics,
//! tables, and the parts that are measured by themselves.

pub mod machine;
pub mod meter;
pub mod parts;
pub mod process;
pub mod stats;
pub mod table;
