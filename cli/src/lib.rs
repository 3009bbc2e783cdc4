//! The `eastwest` tool: what people run beside the three servers.

pub mod mysql;
pub mod stage;
