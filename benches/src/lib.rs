//! What the benchmarks have in common: the tool's clocks, statistics and tables, and the parts that are
//! measured by themselves.

pub mod parts;

pub use eastwest::measure::{machine, meter, process, stats, svg, table};
