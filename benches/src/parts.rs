//! The parts that are measured alone, set up: by the clock (`benches/`), and in instructions
//! (`counts`).

pub mod aliases;
pub mod ends;
pub mod names;
pub mod streams;
