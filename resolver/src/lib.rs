//! Answers the aliases of the manifests with their virtual IPs; all other names go on unchanged.

pub mod alias;
pub mod config;
mod dispatch;
mod forward;
mod metrics;
pub mod name;
mod reply;
pub mod resolv_conf;
pub mod server;
mod wire;
mod zone;
