//! Gateways on loopback, good and bad, and a route through them.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use eastwest_mesh::{Capture, Options, Route, Source, load};
use eastwest_transport::dial::NamedDialer;
use eastwest_transport::resolve::NameServers;
use eastwest_transport::socket::SocketOptions;
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{IdentityStore, MinTls, PeerPolicy, ServerAlpn, accept};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::super::Tunnels;
use crate::identity::mint::{HOUR, Mint};
use crate::outbound::Gateways;

/// Two workloads of one mesh: the one that calls, and the one that is called.
pub(super) struct Ground {
    client: IdentityStore,
    pub(super) server: IdentityStore,
}

/// A peer policy that lets everyone in.
#[derive(Debug)]
struct Anyone;

impl PeerPolicy for Anyone {
    fn check(&self, _: &SpiffeId) -> Result<(), String> {
        Ok(())
    }
}

/// What stands at a gateway's address.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Gateway {
    /// The pod behind it answers, after this many milliseconds.
    Answers(u64),
    /// It is stopped: the kernel takes connections, and nobody reads.
    Frozen,
    /// It hangs up when it has read the ClientHello, as Istio's does without a chain.
    HangsUp,
    /// It sends this alert, as ours does.
    Alert(u8),
    /// No connection succeeds or fails: the backlog is full.
    BlackHole,
    /// Nothing listens.
    Refuses,
    /// Something that is no TLS.
    Chatters,
}

/// A gateway that has been set up, and how often it was connected to and had something to read.
pub(super) struct Standing {
    pub(super) address: SocketAddr,
    pub(super) hellos: Arc<AtomicUsize>,
    _held: Vec<TcpStream>,
}

impl Ground {
    pub(super) fn new() -> Self {
        let (mint, until) = (Mint::new(), SystemTime::now() + HOUR);
        Self {
            client: mint.workload("replica", until).1,
            server: mint.workload("db", until).1,
        }
    }

    pub(super) fn tunnels(&self, name_server: Option<SocketAddr>) -> Arc<Tunnels> {
        Arc::new(Tunnels {
            identity: self.client.clone(),
            dialer: NamedDialer::new(
                NameServers::at(name_server.as_slice()).unwrap(),
                SocketOptions::standard(),
            ),
            gateways: Gateways::new(None),
            sockets: SocketOptions::standard(),
            connect_timeout: Duration::from_secs(3),
            handshake_timeout: Duration::from_secs(3),
            timings: eastwest_daemon::Timings::of(eastwest_daemon::Direction::Outbound),
            min_tls: MinTls::Tls13,
        })
    }

    /// Sets `kind` up at a loopback address of its own.
    pub(super) async fn stand(&self, kind: Gateway) -> Standing {
        let hellos = Arc::new(AtomicUsize::new(0));
        let standing = |address, held| Standing {
            address,
            hellos: Arc::clone(&hellos),
            _held: held,
        };
        if kind == Gateway::BlackHole {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
            let listener = socket.listen(1).unwrap();
            let address = listener.local_addr().unwrap();
            let mut held = Vec::new();
            for _ in 0..8 {
                let dialling = TcpStream::connect(address);
                if let Ok(Ok(stream)) =
                    tokio::time::timeout(Duration::from_millis(50), dialling).await
                {
                    held.push(stream);
                }
            }
            tokio::spawn(async move {
                std::future::pending::<()>().await;
                drop(listener);
            });
            return standing(address, held);
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        if kind == Gateway::Refuses {
            return standing(address, Vec::new());
        }
        tokio::spawn(serve(
            listener,
            kind,
            self.server.clone(),
            Arc::clone(&hellos),
        ));
        standing(address, Vec::new())
    }
}

pub(super) async fn serve(
    listener: TcpListener,
    kind: Gateway,
    identity: IdentityStore,
    hellos: Arc<AtomicUsize>,
) {
    if kind == Gateway::Frozen {
        std::future::pending::<()>().await;
    }
    loop {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut hello = vec![0; 4096];
        let Ok(read @ 1..) = tcp.read(&mut hello).await else {
            continue;
        };
        hello.truncate(read);
        hellos.fetch_add(1, Ordering::SeqCst);
        match kind {
            Gateway::Alert(alert) => {
                tcp.write_all(&[21, 3, 3, 0, 2, 2, alert]).await.unwrap();
            }
            Gateway::Chatters => tcp.write_all(b"220 mail.example ESMTP\r\n").await.unwrap(),
            Gateway::Answers(after) => {
                let identity = identity.current().unwrap();
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(after)).await;
                    let config = identity
                        .server_config(Arc::new(Anyone), MinTls::Tls13, ServerAlpn::Istio)
                        .unwrap();
                    let secured = accept(config, &mut tcp, hello).await;
                    std::future::pending::<()>().await;
                    drop((secured, tcp));
                });
            }
            _ => {}
        }
    }
}

/// The route of an alias through these gateways; the far end is to be `account` of the namespace.
pub(super) fn route(gateways: &[&Standing], account: &str) -> Route {
    let endpoints: String = gateways
        .iter()
        .map(|gateway| {
            let (ip, port) = (gateway.address.ip(), gateway.address.port());
            format!("  - {{address: {ip}, ports: {{mysql: {port}}}, serviceAccount: {account}}}\n")
        })
        .collect();
    let text = format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {{name: src-db-0, namespace: pxc}}\n\
         spec:\n  hosts: [src-db-0.pxc.svc.cluster.local]\n  location: MESH_INTERNAL\n  \
         ports: [{{number: 3306, name: mysql, protocol: TCP}}]\n  resolution: STATIC\n  \
         endpoints:\n{endpoints}"
    );
    let options = Options {
        cluster_domain: "cluster.local".parse().unwrap(),
        capture: Capture::Vip,
    };
    let name = "route.yaml".to_owned();
    let mut routes = load(&[Source { name, text }], &options).routes;
    routes.pop().unwrap()
}
