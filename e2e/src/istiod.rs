//! What istiod makes of the objects in a cluster for each of its proxies, so that Envoys here are
//! configured from the manifests as they would be by it (`pilot/pkg/networking/core` of istio/istio).
//!
//! A second reader beside `mesh`, which asks what they mean to our own servers. It knows what the
//! manifests of this project use; whatever else might change what a proxy does is an error, so that
//! nothing is tested which was not applied.

mod inbound;
mod kinds;
mod objects;
mod outbound;
mod passthrough;
mod pods;

pub use inbound::{Allowed, Inbound, PeerMode};
pub use objects::Objects;
pub use outbound::{ClientTls, Outbound};
pub use passthrough::{Passed, passed};
pub use pods::Pod;

/// The trust domain and DNS domain of the manifests.
pub const DOMAIN: &str = "cluster.local";

/// The label by which an endpoint is known to speak mutual TLS.
const TLS_MODE: &str = "security.istio.io/tlsMode";

/// What an app's port is declared to speak, which decides what Envoy does with its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppProtocol {
    /// Parsed and routed request by request.
    Http,
    /// Carried as it is.
    Tcp,
}

impl AppProtocol {
    /// By the `protocol` of a ServiceEntry's port, the `appProtocol` of a Service's, or the prefix of
    /// its name (`pkg/config/kube/conversion.go`).
    fn declared(text: &str) -> Result<Self, Unsupported> {
        let prefix = text.split('-').next().unwrap_or(text);
        match prefix.to_ascii_lowercase().as_str() {
            "http" => Ok(Self::Http),
            "tcp" | "mysql" => Ok(Self::Tcp),
            _ => Err(Unsupported::new(format!("protocol {text:?}"))),
        }
    }
}

/// Something in a manifest that this emulation does not know.
#[derive(Debug, thiserror::Error)]
#[error("what istiod makes of this is not emulated: {0}")]
pub struct Unsupported(String);

impl Unsupported {
    fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

#[cfg(test)]
mod tests;
