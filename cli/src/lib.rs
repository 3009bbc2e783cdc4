//! The `eastwest` tool: what people run beside the three servers.

pub mod about;
pub mod bench;
pub mod certs;
pub mod clusters;
mod colours;
pub mod convert;
pub mod demo;
pub mod doctor;
mod exchange;
pub mod explain;
pub mod leftovers;
pub mod lint;
pub mod logs;
mod manifests;
pub mod measure;
pub mod mysql;
mod one_line;
mod programs;
mod progress;
pub mod render;
pub mod stage;
pub mod status;
mod table;
pub mod wait;
