//! The `eastwest` tool: what people run beside the three servers.

pub mod certs;
pub mod clusters;
pub mod convert;
pub mod demo;
pub mod doctor;
pub mod explain;
pub mod leftovers;
pub mod lint;
pub mod logs;
mod manifests;
pub mod mysql;
mod one_line;
pub mod render;
pub mod stage;
pub mod status;
mod table;
pub mod wait;
