//! What the program says of itself, and how it behaves on a terminal and elsewhere.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod completion;
mod man;
mod program;
mod terminal;
mod version;
