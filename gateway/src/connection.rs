//! One connection: ClientHello in, pod found, ClientHello out, bytes both ways.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::time::Duration;

use eastwest_mesh::{Dialect, Exports, ISTIO_ALPN, PROBE_HOST, Target};
use eastwest_transport::admission::{Leave, Place};
use eastwest_transport::client_hello::{self, ClientHello};
use eastwest_transport::dial::NamedDialer;
use eastwest_transport::sni::Sni;
use eastwest_transport::tls::ALPN_DOCTOR;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::refusal::Refusal;

/// What every connection of a gateway is handled with.
#[derive(Debug)]
pub(crate) struct Dialling {
    pub(crate) pods: NamedDialer,
    pub(crate) hello_timeout: Duration,
    pub(crate) connect_timeout: Duration,
}

/// A ClientHello and what it was read from.
pub(crate) struct Greeted {
    hello: ClientHello,
    bytes: Vec<u8>,
}

impl Greeted {
    /// Whether `eastwest doctor` asks the gateway itself.
    pub(crate) fn is_question(&self) -> bool {
        let probe = |sni: &str| sni.ends_with(PROBE_HOST);
        self.hello.offers_alpn(ALPN_DOCTOR) && self.sni().is_some_and(probe)
    }

    /// What was read of the client.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The SNI as it came, for the log.
    pub(crate) fn sni(&self) -> Option<&str> {
        self.hello.sni()
    }
}

/// A pod that has been given the ClientHello.
pub(crate) struct Connected {
    pub(crate) upstream: TcpStream,
    pub(crate) address: SocketAddr,
    pub(crate) replayed: u64,
}

impl Dialling {
    /// The longest time that a connection takes until it is relayed, or refused.
    pub(crate) fn longest(&self) -> Duration {
        self.hello_timeout + self.connect_timeout
    }

    /// Reads the ClientHello within the deadline, unless somebody else wants the place.
    pub(crate) async fn greet(
        &self,
        downstream: &mut TcpStream,
        place: &Place,
    ) -> Result<Greeted, Refusal> {
        let mut bytes = Vec::new();
        let reading = client_hello::read(downstream, &mut bytes);
        match place.within(self.hello_timeout, reading).await {
            Ok(hello) => Ok(Greeted {
                hello: hello?,
                bytes,
            }),
            Err(Leave::Late) => Err(Refusal::HelloTimeout(self.hello_timeout)),
            Err(Leave::Wanted) => Err(Refusal::Crowded),
        }
    }

    /// Dials the pod and hands it the ClientHello.
    pub(crate) async fn connect(
        &self,
        target: &Target,
        greeted: Greeted,
    ) -> Result<Connected, Refusal> {
        // Looking the pod up is part of what has to be done in this time.
        let deadline = Instant::now() + self.connect_timeout;
        let (host, port) = (target.host.as_ref(), target.port.get());
        let dialled = self.pods.dial(host, port, deadline).await?;
        let (mut upstream, address) = (dialled.stream, dialled.address);
        upstream
            .write_all(&greeted.bytes)
            .await
            .map_err(|error| Refusal::Replay { address, error })?;
        Ok(Connected {
            upstream,
            address,
            replayed: greeted.bytes.len() as u64,
        })
    }
}

/// Where a ClientHello goes: what its names say, and whether a Gateway exports that.
pub(crate) fn route(hello: &Greeted, exports: &Exports) -> Result<Target, Refusal> {
    let hello = &hello.hello;
    let (dialect, target) = target(hello.sni().ok_or(Refusal::NoSni)?, exports)?;
    let offers = |alpn: &&str| hello.offers_alpn(alpn.as_bytes());
    if dialect == Dialect::Istio && !ISTIO_ALPN.iter().any(offers) {
        return Err(Refusal::NoIstioAlpn);
    }
    Ok(target)
}

/// Where a server name goes, and in whose form it is.
pub(crate) fn target(sni: &str, exports: &Exports) -> Result<(Dialect, Target), Refusal> {
    let sni: Sni = sni.parse()?;
    let (dialect, host, port): (_, &str, Option<NonZeroU16>) = match &sni {
        Sni::Istio(sni) => (Dialect::Istio, &sni.host, Some(sni.port)),
        Sni::Plain(host) => (Dialect::Plain, host, None),
    };
    Ok((dialect, exports.target(dialect, host, port)?))
}

#[cfg(test)]
mod tests;
