//! What the program says of itself.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod completion;
mod man;
mod program;
mod version;
