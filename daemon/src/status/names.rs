//! The names that a server answers, as the status shows them.

use std::net::SocketAddr;

use serde::Serialize;

/// What is known of them.
#[derive(Debug, Clone, Serialize)]
pub struct ServedNames {
    /// How many aliases are answered.
    pub aliases: usize,
    /// Aliases that are not, and why.
    pub down: Vec<DownName>,
    /// Who is asked for all other names.
    pub name_servers: Vec<NameServerStatus>,
}

/// An alias that is not answered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct DownName {
    /// The alias.
    pub alias: String,
    /// Why, in a sentence.
    pub reason: String,
}

/// Somebody who is asked for other names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NameServerStatus {
    /// Where it is.
    pub address: SocketAddr,
    /// `answers`, `silent`, `loops`, or `unasked`.
    pub state: &'static str,
}
