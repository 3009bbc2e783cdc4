//! Plain questions: which they are, and that their answers are hickory's.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a step that fails is a test that fails"
)]

mod agreement;
mod asking;
mod corpus;
mod oracle;
mod plainness;
