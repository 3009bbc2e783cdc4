//! YAML text as a tree in which every key and value knows its place.
//!
//! A file is cut into documents first, so that one with broken syntax leaves the others whole.

mod documents;
mod node;
mod parse;

pub(crate) use documents::documents;
pub(crate) use node::{Entry, Mark, Node, Value};
pub(crate) use parse::parse;

#[cfg(test)]
mod tests;
