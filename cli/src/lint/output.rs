//! Findings as people, scripts and code scanners want them.

mod json;
mod sarif;
mod text;

pub(super) use json::json;
pub(super) use sarif::sarif;
pub(super) use text::{changes, text};
