//! A pod's shim and the shim of a caller, on loopback, without a gateway between them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU16;
use std::time::SystemTime;

use eastwest_daemon::{ConnectionInfo, ConnectionState, Context, Direction, Steps, Timings};
use eastwest_mesh::{Address, Capture, InboundPolicy, Options, Route, Source, load};
use eastwest_transport::admission::Clock;
use eastwest_transport::dial::NamedDialer;
use eastwest_transport::reason::Reason;
use eastwest_transport::relay::{Counts, Patience, TlsLeg, relay};
use eastwest_transport::resolve::NameServers;
use eastwest_transport::tls::{IdentityStore, MinTls};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::*;
use crate::identity::mint::{HOUR, Mint};
use crate::outbound::{Gateways, Tunnels};

mod crowded;
mod known;
mod list_changed;
mod told;

/// Enough for anything that does happen.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

struct Pod {
    inbound: Arc<Inbound>,
    address: SocketAddr,
    app: TcpListener,
    caller: Arc<Tunnels>,
    context: Context,
    _files: [TempDir; 2],
}

fn allowing(rule: &str) -> Allowed {
    Allowed::new(vec![rule.parse().unwrap()], InboundPolicy::default())
}

/// A pod with an app that callers of the namespace pxc may reach, on their way in `places` at a time.
async fn pod(places: usize) -> Pod {
    let app = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    pod_of(app, places).await
}

async fn pod_of(app: TcpListener, places: usize) -> Pod {
    pod_named("db-pxc-0", app, places).await
}

async fn pod_named(own: &str, app: TcpListener, places: usize) -> Pod {
    let mint = Mint::new();
    let until = SystemTime::now() + HOUR;
    let (server_files, server) = mint.workload("source", until);
    let (caller_files, caller) = mint.workload("replica", until);
    let context = Context::new();
    let sockets = SocketOptions::standard();
    let inbound = Arc::new(Inbound {
        acceptance: Acceptance {
            identity: server,
            ports: vec![port(&app)],
            pod: OwnPod::named(own),
            min_tls: MinTls::Tls13,
        },
        allowed: ArcSwap::from_pointee(allowing("spiffe://cluster.local/ns/pxc/sa/*")),
        app: AppAddress::At(LOOPBACK),
        sockets,
        handshake_timeout: PATIENCE,
        connect_timeout: PATIENCE,
        patience: Patience::default(),
        ledger: Ledger::new(Default::default()),
        timings: Timings::of(Direction::Inbound),
        connections: context.connections.clone(),
        shutdown: context.shutdown.clone(),
    });
    let listener = Listener::bind(SocketAddr::new(LOOPBACK, 0), sockets).unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(Arc::clone(&inbound).serve_admitted(listener, Admission::of(places)));
    Pod {
        inbound,
        address,
        app,
        caller: tunnels(caller, sockets),
        context,
        _files: [server_files, caller_files],
    }
}

fn port(app: &TcpListener) -> NonZeroU16 {
    app.local_addr().unwrap().port().try_into().unwrap()
}

fn tunnels(identity: IdentityStore, sockets: SocketOptions) -> Arc<Tunnels> {
    Arc::new(Tunnels {
        identity,
        dialer: NamedDialer::new(NameServers::at(&[]).unwrap(), sockets),
        gateways: Gateways::new(None),
        sockets,
        connect_timeout: PATIENCE,
        handshake_timeout: PATIENCE,
        timings: Timings::of(Direction::Outbound),
        min_tls: MinTls::Tls13,
    })
}

impl Pod {
    /// The way to the port `port` of the pod.
    fn route(&self, port: NonZeroU16) -> Route {
        let text = format!(
            "apiVersion: networking.istio.io/v1beta1\nkind: ServiceEntry\n\
             metadata: {{name: src-db-pxc-0, namespace: pxc}}\n\
             spec:\n  hosts: [src-db-pxc-0.pxc.svc.cluster.local]\n  location: MESH_INTERNAL\n  \
             ports: [{{number: {port}, name: mysql, protocol: TCP}}]\n  resolution: STATIC\n  \
             endpoints: [{{address: {}, ports: {{mysql: {}}}}}]\n",
            self.address.ip(),
            self.address.port()
        );
        let name = "route.yaml".to_owned();
        let options = Options {
            cluster_domain: "cluster.local".parse().unwrap(),
            capture: Capture::Vip,
        };
        let mut mesh = load(&[Source { name, text }], &options);
        let route = mesh.routes.remove(0);
        assert_eq!(route.gateways[0].address, Address::Ip(LOOPBACK));
        route
    }

    /// A caller and the app that it has reached.
    async fn call(&self) -> (TlsLeg, TcpStream) {
        let route = self.route(port(&self.app));
        let calling = async {
            let tunnel = self.caller.open(&route, &Steps::default()).await.unwrap();
            (tunnel.stream, self.app.accept().await.unwrap().0)
        };
        timeout(PATIENCE, calling).await.expect("not let in")
    }

    /// The app at the caller's side of a tunnel.
    async fn own_app(&self, mut caller: TlsLeg) -> TcpStream {
        let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).await;
        let mut near = near.unwrap();
        let own_app = listener.accept().await.unwrap().0;
        let (counts, stop) = (Counts::default(), self.context.shutdown.aborted_token());
        tokio::spawn(async move {
            relay(&mut near, &mut caller, &counts, &Patience::default(), &stop).await
        });
        own_app
    }
}

#[tokio::test]
async fn a_caller_reaches_the_app() {
    let pod = pod(1).await;
    let (caller, mut app) = pod.call().await;
    let mut own_app = pod.own_app(caller).await;
    own_app.write_all(b"SELECT 1").await.unwrap();
    let mut got = [0; 8];
    app.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"SELECT 1");
}

#[tokio::test]
async fn a_connection_that_has_come_through_leaves_its_place_to_the_next() {
    let pod = pod(1).await;
    let (_first, _second) = (pod.call().await, pod.call().await);
    assert_eq!(pod.context.connections.len(), 2);
}

#[tokio::test]
async fn who_proves_nothing_holds_up_no_more_connections_than_there_are_places() {
    let pod = pod(1).await;
    let silent = TcpStream::connect(pod.address).await.unwrap();
    while pod.context.connections.is_empty() {
        tokio::task::yield_now().await;
    }
    let waiting = async {
        timeout(Duration::from_millis(300), pod.call())
            .await
            .is_err()
    };
    assert!(waiting.await, "a second connection was accepted");
    assert_eq!(pod.context.connections.len(), 1);
    drop(silent);
    pod.call().await;
}

#[tokio::test]
async fn a_port_that_is_not_served_is_called_so_by_both_ends() {
    let pod = pod(1).await;
    let other = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let opening = pod
        .caller
        .open(&pod.route(port(&other)), &Steps::default())
        .await;
    let error = opening.err().unwrap();
    assert_eq!(error.reason(), Reason::PortNotServed, "{error}");
    assert!(
        error.to_string().contains("does not serve this port"),
        "{error}"
    );
}

#[tokio::test]
async fn a_caller_that_says_nothing_and_leaves_is_no_failure() {
    let pod = pod(1).await;
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    drop(
        TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap(),
    );
    let (mut probe, peer) = listener.accept().await.unwrap();
    let guard = pod.context.connections.open(ConnectionInfo {
        direction: Direction::Inbound,
        peer,
        bytes: Arc::default(),
    });
    let error = pod
        .inbound
        .accept(&mut probe, &Clock::default(), &guard)
        .await
        .err()
        .unwrap();
    assert!(error.is_noise(), "{error}");
    assert_eq!(error.reason(), Reason::HelloClosed);
}

#[tokio::test]
async fn the_end_of_the_grace_time_ends_a_dial_too() {
    // A full queue drops SYNs, so that the dial neither succeeds nor fails.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(LOOPBACK, 0)).unwrap();
    let app = socket.listen(1).unwrap();
    let address = app.local_addr().unwrap();
    let mut held = Vec::new();
    for _ in 0..8 {
        let filling = timeout(Duration::from_millis(50), TcpStream::connect(address));
        held.push(filling.await);
    }
    let pod = pod_of(app, 1).await;
    let tunnel = pod
        .caller
        .open(&pod.route(port(&pod.app)), &Steps::default())
        .await;
    let _caller = tunnel.unwrap_or_else(|error| panic!("{error}"));
    let dialling = || {
        let open = pod.context.connections.snapshot();
        open.iter()
            .any(|row| row.state == ConnectionState::Dialling)
    };
    while !dialling() {
        tokio::task::yield_now().await;
    }
    pod.context.shutdown.abort().await;
    assert!(pod.context.connections.is_empty());
}

#[tokio::test]
async fn a_caller_that_has_reached_another_pod_of_the_set_is_told_so() {
    let app = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let pod = pod_named("db-pxc-1", app, 1).await;
    let opening = pod
        .caller
        .open(&pod.route(port(&pod.app)), &Steps::default())
        .await;
    let error = opening.err().unwrap();
    assert_eq!(error.reason(), Reason::NotExported, "{error}");
    assert!(
        error.to_string().contains("another one of the set"),
        "{error}"
    );
}
