//! Benchmarks of the data path live in `benches/`; see CONTRIBUTING.md for how to run them.
