//! Looking after a gateway that has failed, until it answers.
//!
//! A probe is a TCP connection and a ClientHello with a name that nobody exports. The gateway itself
//! answers that, ours with an alert and Istio's by hanging up, and no pod hears of it. That the
//! kernel takes the connection says nothing: it does so for a stopped process, too.

use std::sync::Arc;
use std::time::Duration;

use eastwest_mesh::{GatewayEndpoint, PROBE_HOST};
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{HandshakeError, PeerPolicy, Side, Verdict, connect};
use rustls::pki_types::ServerName;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::gateways::Attend;
use super::tunnel::{TunnelError, Tunnels};

/// Time for all of a probe. Half of it would do for the other side of the earth.
const PATIENCE: Duration = Duration::from_secs(2);

impl Tunnels {
    /// Starts to look after `endpoint` if it has to be.
    pub(super) fn attend(self: &Arc<Self>, endpoint: &GatewayEndpoint, attend: Attend) {
        if !attend.0 {
            return;
        }
        let (tunnels, endpoint) = (Arc::clone(self), endpoint.clone());
        tokio::spawn(async move {
            while let Some(next) = tunnels.gateways.next_probe(&endpoint) {
                if next > Instant::now() {
                    // It may have answered a connection by then.
                    sleep_until(next).await;
                    continue;
                }
                tunnels.gateways.probing(&endpoint);
                match tunnels.probe(&endpoint).await {
                    Ok(()) => tunnels.gateways.answered(&endpoint),
                    Err(TunnelError::NoIdentity(_) | TunnelError::Config(_)) => {}
                    Err(error) => {
                        let said = error.to_string();
                        // This is the one who attends to it.
                        let _ = tunnels.gateways.failed(&endpoint, error.reason(), said);
                    }
                }
            }
        });
    }

    /// Whether the gateway says anything that has to do with TLS.
    async fn probe(&self, endpoint: &GatewayEndpoint) -> Result<(), TunnelError> {
        let deadline = Instant::now() + PATIENCE;
        let verdict = Verdict::new(Arc::new(Nobody));
        // Whose certificate is out of its time is answered all the same.
        let identity = self.identity.current().map_err(TunnelError::NoIdentity)?;
        let config = identity.client_config(Arc::clone(&verdict) as Arc<_>, self.min_tls)?;
        let sni = format!("outbound_.{}_._.{PROBE_HOST}", endpoint.port);
        let name =
            ServerName::try_from(sni.clone()).map_err(|_| TunnelError::ServerName(sni.clone()))?;
        let mut dialled = self.dial_endpoint(endpoint, deadline, |_| {}).await?;
        let gateway = dialled.address;
        match timeout_at(deadline, connect(config, name, &mut dialled.stream)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => match HandshakeError::new(error, Side::Client, &verdict) {
                error @ HandshakeError::Tls(rustls::Error::InvalidMessage(_)) => {
                    Err(TunnelError::Handshake {
                        gateway,
                        id: None,
                        sni,
                        error,
                    })
                }
                _ => Ok(()),
            },
            Err(_) => Err(TunnelError::Timeout {
                gateway,
                id: None,
                after: PATIENCE,
            }),
        }
    }
}

/// Whoever may answer a probe: it goes no further.
#[derive(Debug)]
struct Nobody;

impl PeerPolicy for Nobody {
    fn check(&self, _: &SpiffeId) -> Result<(), String> {
        Err("a probe goes no further".to_owned())
    }
}
