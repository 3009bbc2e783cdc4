//! The `eastwest` tool: what people run beside the three servers.

pub mod stage;
