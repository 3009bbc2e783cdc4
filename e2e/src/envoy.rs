//! A real Envoy in each of the roles that Istio gives it, configured as istiod configures it
//! (`pilot/pkg/networking/core` of istio/istio).

mod bootstrap;
mod client;
mod gateway;
mod server;
mod tls;

use eastwest::clusters::{Clusters, ClustersError};
use serde_json::Value;

use crate::fetched::ENVOY;
pub use client::ClientSidecar;
pub use gateway::EastWestGateway;
pub use server::ServerSidecar;
pub use tls::MaxTls;

/// The name of Istio's mutual TLS in ALPN, of which clients must offer one
/// (`allIstioMtlsALPNs`, `listener.go`).
const ISTIO_ALPNS: [&str; 5] = [
    "istio",
    "istio-peer-exchange",
    "istio-http/1.0",
    "istio-http/1.1",
    "istio-h2",
];

/// Starts an Envoy on a host of the clusters, under a name of its own.
///
/// # Errors
/// When its configuration cannot be written, or it refuses it.
///
/// # Panics
/// When no Envoy can be had: no test of the wire means anything then.
#[expect(clippy::panic, reason = "only tests call this, and none can go on")]
pub fn start(
    clusters: &mut Clusters,
    host: &str,
    name: &str,
    config: &Value,
) -> Result<(), ClustersError> {
    let envoy = match ENVOY.fetched() {
        Ok(envoy) => envoy,
        Err(error) => panic!("{error}"),
    };
    let path = clusters.dir().join(format!("{name}.json"));
    std::fs::write(&path, config.to_string()).map_err(|source| ClustersError::File {
        path: path.clone(),
        source,
    })?;
    let mut command = clusters.host(host)?.command(envoy.as_os_str());
    command.arg("--config-path").arg(&path);
    // One worker is what a sidecar of Istio's with one CPU has; a hot restart needs a name that is
    // one for the whole machine.
    command.args(["--concurrency", "1", "--disable-hot-restart"]);
    command.args(["--log-level", "info"]);
    // What is logged of a connection is not to be waited for.
    command.args(["--file-flush-interval-msec", "50"]);
    clusters.start(name, command, |printed| {
        printed.contains("all dependencies initialized. starting workers")
    })
}
