//! One connection: ClientHello in, pod found, ClientHello out, bytes both ways.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use eastwest_daemon::{Step, Steps, Talk, Timings};
use eastwest_mesh::{Dialect, Exports, ISTIO_ALPN, PROBE_HOST, Target};
use eastwest_transport::admission::{Leave, Place};
use eastwest_transport::client_hello::{self, ClientHello, ConnectionId};
use eastwest_transport::dial::NamedDialer;
use eastwest_transport::tls::ALPN_DOCTOR;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::late::{LateDials, Silent};
use crate::refusal::Refusal;
use crate::route::Route;

/// What every connection of a gateway is handled with.
#[derive(Debug)]
pub(crate) struct Dialling {
    pub(crate) pods: NamedDialer,
    pub(crate) late: LateDials,
    pub(crate) hello_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) timings: Timings,
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

    /// What the shims before and after this gateway call the connection.
    pub(crate) fn id(&self) -> Option<ConnectionId> {
        ConnectionId::of(&self.bytes)
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
        steps: &Steps,
    ) -> Result<Greeted, Refusal> {
        let begun = Instant::now();
        let mut bytes = Vec::new();
        let reading = client_hello::read(downstream, &mut bytes);
        match place.within(self.hello_timeout, reading).await {
            Ok(hello) => {
                let hello = hello?;
                let now = Instant::now();
                self.timings.handshake(now - begun);
                steps.take(Step::Hello, now);
                Ok(Greeted { hello, bytes })
            }
            Err(Leave::Late) => Err(Refusal::HelloTimeout(self.hello_timeout)),
            Err(Leave::Wanted) => Err(Refusal::Crowded),
        }
    }

    /// Dials the pod and hands it the ClientHello, unless it is silent and many wait for it already.
    pub(crate) async fn connect(
        &self,
        target: &Target,
        greeted: Greeted,
        steps: &Steps,
    ) -> Result<Connected, Refusal> {
        let host = target.host.as_ref();
        let reaching = self.reach(target, greeted, steps);
        let connected = self.late.on(host, reaching).await;
        connected.unwrap_or_else(|Silent| Err(Refusal::Silent(host.to_owned())))
    }

    async fn reach(
        &self,
        target: &Target,
        greeted: Greeted,
        steps: &Steps,
    ) -> Result<Connected, Refusal> {
        // Looking the pod up, and having it take the ClientHello, is part of what has to be done in this time.
        let begun = Instant::now();
        let deadline = begun + self.connect_timeout;
        let (host, port) = (target.host.as_ref(), target.port.get());
        let looked_up = |at| steps.take(Step::Dns, at);
        let dialling = self.pods.dial_noting(host, port, deadline, looked_up);
        let dialled = dialling.await?;
        let now = Instant::now();
        self.timings.dial(now - begun);
        steps.take(Step::Connect, now);
        let (mut upstream, address) = (dialled.stream, dialled.address);
        let replay = timeout_at(deadline, upstream.write_all(&greeted.bytes)).await;
        replay
            .unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
            .map_err(|error| Refusal::Replay { address, error })?;
        Ok(Connected {
            upstream,
            address,
            replayed: greeted.bytes.len() as u64,
        })
    }
}

/// Where a ClientHello goes: what its names say, and whether a Gateway exports that.
pub(crate) fn route(hello: &Greeted, exports: &Exports) -> Result<Route, Refusal> {
    let hello = &hello.hello;
    let route = Route::of(hello.sni().ok_or(Refusal::NoSni)?, exports)?;
    let offers = |alpn: &&str| hello.offers_alpn(alpn.as_bytes());
    if route.dialect == Dialect::Istio && !ISTIO_ALPN.iter().any(offers) {
        return Err(Refusal::NoIstioAlpn);
    }
    Ok(route)
}

/// A gateway knows which pod was called, by the name that a Gateway exports, and nobody's identity.
pub(crate) fn talk(target: &Target) -> Talk<'_> {
    Talk {
        destination_service: Some(target.host.as_ref()),
        ..Talk::default()
    }
}

#[cfg(test)]
mod tests;
