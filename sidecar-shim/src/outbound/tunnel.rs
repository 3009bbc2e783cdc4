//! Opening the mTLS connection for one route: gateway dialled, TLS done, the far end known.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use eastwest_daemon::{Step, Steps, Timings};
use eastwest_mesh::{Address, GatewayEndpoint, Route};
use eastwest_transport::client_hello::ConnectionId;
use eastwest_transport::dial::{Dialled, NamedDialer, dial};
use eastwest_transport::relay::TlsLeg;
use eastwest_transport::socket::{Keepalive, SocketOptions};
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{
    HandshakeError, Identity, IdentityStore, MinTls, Side, Verdict, connect_noting,
};
use rustls::pki_types::ServerName;
use socket2::SockRef;
use tokio::time::{Instant, timeout_at};

use super::far_end::FarEnd;
use super::gateways::Gateways;

mod error;
mod race;

use error::Blame;
pub(super) use error::TunnelError;
use race::Progress;

/// How tunnels are opened; the same for all routes.
#[derive(Debug)]
pub(crate) struct Tunnels {
    pub(crate) identity: IdentityStore,
    pub(crate) dialer: NamedDialer,
    pub(crate) gateways: Gateways,
    pub(crate) sockets: SocketOptions,
    pub(crate) connect_timeout: Duration,
    pub(crate) handshake_timeout: Duration,
    pub(crate) timings: Timings,
    pub(crate) min_tls: MinTls,
}

/// An open tunnel whose far end is the one that the route asks for.
pub(crate) struct Tunnel {
    pub(crate) stream: TlsLeg,
    pub(crate) gateway: SocketAddr,
    pub(crate) peer: Option<SpiffeId>,
    pub(crate) id: Option<ConnectionId>,
}

impl Tunnels {
    /// Opens the tunnel for `route`, through the first of its gateways that comes to it. `steps` are those of
    /// the attempt that made it, or came furthest.
    pub(crate) async fn open(
        self: &Arc<Self>,
        route: &Route,
        steps: &Steps,
    ) -> Result<Tunnel, TunnelError> {
        let name = ServerName::try_from(route.sni.clone())
            .map_err(|_| TunnelError::ServerName(route.sni.clone()))?;
        let call = Call {
            route,
            identity: self
                .identity
                .valid(SystemTime::now())
                .map_err(TunnelError::NoIdentity)?,
            name,
            connect_timeout: route
                .connection_pool
                .connect_timeout
                .unwrap_or(self.connect_timeout),
        };
        let gateways = self.gateways.order(route);
        self.race(&call, gateways, steps).await
    }

    /// One attempt through one gateway, and what it taught about that.
    async fn attempt(
        self: &Arc<Self>,
        call: &Call<'_>,
        endpoint: &GatewayEndpoint,
        deadline: Instant,
        progress: &Progress,
    ) -> Result<Tunnel, TunnelError> {
        let opened = self.through(call, endpoint, deadline, progress).await;
        let blame = match &opened {
            Ok(_) => Blame::Answer,
            Err(error) => error.blame(),
        };
        match (&opened, blame) {
            (Err(error), Blame::Failure) => {
                let failed = self
                    .gateways
                    .failed(endpoint, error.reason(), error.to_string());
                self.attend(endpoint, failed);
            }
            (_, Blame::Silence) => self.attend(endpoint, self.gateways.doubted(endpoint)),
            (_, Blame::Answer) => self.gateways.answered(endpoint),
            _ => {}
        }
        opened
    }

    /// How the sockets of a route are tuned: as all are, but for what a DestinationRule says.
    pub(super) fn sockets_of(&self, route: &Route) -> SocketOptions {
        let Some(rule) = route.connection_pool.keepalive else {
            return self.sockets;
        };
        let usual = self.sockets.keepalive.unwrap_or_default();
        SocketOptions {
            keepalive: Some(Keepalive {
                idle: rule.time.unwrap_or(usual.idle),
                interval: rule.interval.unwrap_or(usual.interval),
                probes: rule.probes.map_or(usual.probes, NonZeroU32::get),
            }),
        }
    }

    async fn through(
        &self,
        call: &Call<'_>,
        endpoint: &GatewayEndpoint,
        deadline: Instant,
        progress: &Progress,
    ) -> Result<Tunnel, TunnelError> {
        let begun = Instant::now();
        let dial_until = deadline.min(begun + call.connect_timeout);
        let looked_up = |at| progress.took(Step::Dns, at);
        let dialled = self.dial_endpoint(endpoint, dial_until, looked_up).await?;
        let connected = Instant::now();
        self.timings.dial(connected - begun);
        progress.took(Step::Connect, connected);
        if call.route.connection_pool.keepalive.is_some() {
            let sockets = self.sockets_of(call.route);
            sockets.apply(SockRef::from(&dialled.stream));
        }
        let until = deadline.min(connected + self.handshake_timeout);
        self.handshake(call, dialled, until, progress).await
    }

    pub(super) async fn dial_endpoint(
        &self,
        endpoint: &GatewayEndpoint,
        deadline: Instant,
        looked_up: impl Fn(Instant),
    ) -> Result<Dialled, TunnelError> {
        let port = endpoint.port.get();
        match &endpoint.address {
            Address::Ip(ip) => dial(&[*ip], port, deadline, &self.sockets)
                .await
                .map_err(|error| TunnelError::Dial {
                    endpoint: endpoint.clone(),
                    error,
                }),
            Address::Name(name) => self
                .dialer
                .dial_noting(name.as_ref(), port, deadline, looked_up)
                .await
                .map_err(|error| TunnelError::NamedDial {
                    endpoint: endpoint.clone(),
                    error,
                }),
        }
    }

    async fn handshake(
        &self,
        call: &Call<'_>,
        dialled: Dialled,
        deadline: Instant,
        progress: &Progress,
    ) -> Result<Tunnel, TunnelError> {
        let begun = Instant::now();
        let (mut tcp, gateway) = (dialled.stream, dialled.address);
        let verdict = Verdict::new(Arc::new(FarEnd::of(call.route, &call.identity)));
        let policy = Arc::clone(&verdict) as Arc<_>;
        let config = call.identity.client_config(policy, self.min_tls)?;
        let mut hello = None;
        let shaking = connect_noting(config, call.name.clone(), &mut tcp, &mut hello);
        let outcome = timeout_at(deadline, shaking).await;
        if let Some(hello) = hello {
            progress.took(Step::Hello, hello.at);
        }
        let id = hello.and_then(|hello| hello.id);
        let secured = match outcome {
            Ok(Ok(secured)) => secured,
            Ok(Err(error)) => {
                return Err(TunnelError::Handshake {
                    gateway,
                    id,
                    sni: call.route.sni.clone(),
                    error: HandshakeError::new(error, Side::Client, &verdict),
                });
            }
            Err(_) => {
                return Err(TunnelError::Timeout {
                    gateway,
                    id,
                    after: begun.elapsed(),
                });
            }
        };
        let now = Instant::now();
        self.timings.handshake(now - begun);
        progress.took(Step::Handshake, now);
        Ok(Tunnel {
            stream: TlsLeg::new(tcp, secured),
            gateway,
            peer: verdict.peer().cloned(),
            id,
        })
    }
}

/// What all attempts for one connection have in common.
struct Call<'a> {
    route: &'a Route,
    identity: Arc<Identity>,
    name: ServerName<'static>,
    connect_timeout: Duration,
}

#[cfg(test)]
mod tests;
