use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use eastwest_mesh::{Capture, Options, Source, load};
use eastwest_transport::reason::Reason;
use eastwest_transport::resolve::NameServers;
use eastwest_transport::socket::SocketOptions;
use eastwest_transport::tls::{IdentityStore, ServerAlpn, accept};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};

use super::*;
use crate::identity::mint::{HOUR, Mint};

/// Two workloads of one mesh: the one that calls, and the one that is called.
struct Ground {
    client: IdentityStore,
    server: IdentityStore,
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
enum Gateway {
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
struct Standing {
    address: SocketAddr,
    hellos: Arc<AtomicUsize>,
    _held: Vec<TcpStream>,
}

impl Ground {
    fn new() -> Self {
        let (mint, until) = (Mint::new(), SystemTime::now() + HOUR);
        Self {
            client: mint.workload("replica", until).1,
            server: mint.workload("db", until).1,
        }
    }

    fn tunnels(&self, name_server: Option<SocketAddr>) -> Arc<Tunnels> {
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
            min_tls: MinTls::Tls13,
        })
    }

    /// Sets `kind` up at a loopback address of its own.
    async fn stand(&self, kind: Gateway) -> Standing {
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

async fn serve(
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
                let identity = identity.current();
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
fn route(gateways: &[&Standing], account: &str) -> Route {
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

fn standing(tunnels: &Tunnels, route: &Route, place: usize) -> String {
    let shown = tunnels.gateways.shown(route);
    let standing = &shown["gateways"][place]["health"]["standing"];
    standing.as_str().unwrap_or_default().to_owned()
}

/// Waits for what a probe, which is quick, does to a gateway.
async fn becomes(tunnels: &Tunnels, route: &Route, place: usize, wanted: &str) {
    let limit = Instant::now() + Duration::from_secs(10);
    while standing(tunnels, route, place) != wanted {
        let now = standing(tunnels, route, place);
        assert!(Instant::now() < limit, "{now}, not {wanted}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_first_gateway_that_fails_in_any_way_costs_the_app_no_more_than_its_silence() {
    let ground = Ground::new();
    let living = ground.stand(Gateway::Answers(0)).await;
    for (kind, most) in [
        (Gateway::Refuses, 200),
        (Gateway::HangsUp, 200),
        (Gateway::Alert(112), 200),
        (Gateway::Alert(80), 200),
        (Gateway::Chatters, 200),
        (Gateway::BlackHole, 250 + 250),
        (Gateway::Frozen, 1000 + 250),
    ] {
        let failing = ground.stand(kind).await;
        let route = route(&[&failing, &living], "db");
        let tunnels = ground.tunnels(None);
        tunnels.gateways.follow([&route]);
        let begun = Instant::now();
        let tunnel = tunnels.open(&route).await.unwrap();
        let took = begun.elapsed().as_millis();
        assert_eq!(tunnel.gateway, living.address);
        assert!(took < most, "{took} ms");
    }
}

#[tokio::test]
async fn a_gateway_that_refuses_is_tried_last_from_then_on_and_comes_back() {
    let ground = Ground::new();
    let (failing, living) = (
        ground.stand(Gateway::Refuses).await,
        ground.stand(Gateway::Answers(0)).await,
    );
    let mut route = route(&[&failing, &living], "db");
    route.outlier_detection = Some(eastwest_mesh::OutlierDetection {
        interval: Duration::from_millis(100),
        base_ejection_time: Duration::from_millis(300),
        ..super::super::health::USUAL
    });
    let tunnels = ground.tunnels(None);
    tunnels.gateways.follow([&route]);
    tunnels.open(&route).await.unwrap();
    assert_eq!(standing(&tunnels, &route, 0), "ejected");
    assert_eq!(tunnels.gateways.order(&route)[1], &route.gateways[0]);
    // Over its time it is on trial, and stays so while it does not answer.
    becomes(&tunnels, &route, 0, "on-trial").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(standing(&tunnels, &route, 0), "on-trial");
    let listener = TcpListener::bind(failing.address).await.unwrap();
    let hellos = Arc::new(AtomicUsize::new(0));
    let back = Gateway::Alert(112);
    tokio::spawn(serve(listener, back, ground.server.clone(), hellos));
    becomes(&tunnels, &route, 0, "good").await;
}

#[tokio::test]
async fn a_frozen_gateway_is_ejected_when_it_does_not_answer_a_probe_either() {
    let ground = Ground::new();
    let frozen = ground.stand(Gateway::Frozen).await;
    let living = ground.stand(Gateway::Answers(0)).await;
    let route = route(&[&frozen, &living], "db");
    let tunnels = ground.tunnels(None);
    tunnels.gateways.follow([&route]);
    tunnels.open(&route).await.unwrap();
    assert_eq!(standing(&tunnels, &route, 0), "doubted");
    becomes(&tunnels, &route, 0, "ejected").await;
}

#[tokio::test]
async fn a_gateway_is_not_blamed_for_a_pod_that_is_silent() {
    let ground = Ground::new();
    // To the probe the same gateway is quick enough, to the app another one is quicker.
    let slow = ground.stand(Gateway::Answers(1500)).await;
    let living = ground.stand(Gateway::Answers(0)).await;
    let route = route(&[&slow, &living], "db");
    let tunnels = ground.tunnels(None);
    tunnels.gateways.follow([&route]);
    let tunnel = tunnels.open(&route).await.unwrap();
    assert_eq!(tunnel.gateway, living.address);
    assert_eq!(standing(&tunnels, &route, 0), "doubted");
    becomes(&tunnels, &route, 0, "good").await;
    assert_eq!(
        slow.hellos.load(Ordering::SeqCst),
        2,
        "an attempt and a probe"
    );
}

#[tokio::test]
async fn what_a_gateway_says_of_a_pod_is_not_held_against_it() {
    let ground = Ground::new();
    let living = ground.stand(Gateway::Answers(0)).await;
    for kind in [Gateway::Alert(112), Gateway::Alert(80), Gateway::HangsUp] {
        let stale = ground.stand(kind).await;
        let route = route(&[&stale, &living], "db");
        let tunnels = ground.tunnels(None);
        tunnels.gateways.follow([&route]);
        for _ in 0..3 {
            tunnels.open(&route).await.unwrap();
            assert_eq!(standing(&tunnels, &route, 0), "good");
        }
        assert_eq!(
            stale.hellos.load(Ordering::SeqCst),
            3,
            "it is asked each time"
        );
    }
}

#[tokio::test]
async fn another_than_the_right_pod_at_the_far_end_is_the_end_and_no_reason_to_try_on() {
    let ground = Ground::new();
    let (first, second) = (
        ground.stand(Gateway::Answers(0)).await,
        ground.stand(Gateway::Answers(0)).await,
    );
    let route = route(&[&first, &second], "somebody-else");
    let tunnels = ground.tunnels(None);
    tunnels.gateways.follow([&route]);
    let error = tunnels.open(&route).await.err().unwrap();
    assert_eq!(error.reason(), Reason::PeerNotAllowed, "{error}");
    assert_eq!(second.hellos.load(Ordering::SeqCst), 0);
    assert_eq!(standing(&tunnels, &route, 0), "good");
}

#[tokio::test]
async fn where_all_fail_each_is_named_and_the_reason_is_of_the_one_that_came_furthest() {
    let ground = Ground::new();
    let (first, second) = (
        ground.stand(Gateway::Alert(80)).await,
        ground.stand(Gateway::Refuses).await,
    );
    let route = route(&[&first, &second], "db");
    let tunnels = ground.tunnels(None);
    tunnels.gateways.follow([&route]);
    let error = tunnels.open(&route).await.err().unwrap();
    assert_eq!(error.reason(), Reason::PodUnreachable, "{error}");
    let text = error.to_string();
    for gateway in [&first, &second] {
        assert!(text.contains(&gateway.address.to_string()), "{text}");
    }
}

#[tokio::test]
async fn gateways_that_are_all_silent_are_given_up_when_the_time_is_over() {
    let ground = Ground::new();
    let (first, second) = (
        ground.stand(Gateway::Frozen).await,
        ground.stand(Gateway::BlackHole).await,
    );
    let mut route = route(&[&first, &second], "db");
    // The rule's own time to connect.
    route.connect_timeout = Some(Duration::from_millis(500));
    let tunnels = ground.tunnels(None);
    tunnels.gateways.follow([&route]);
    let begun = Instant::now();
    let error = tunnels.open(&route).await.err().unwrap();
    assert_eq!(error.reason(), Reason::HandshakeTimeout, "{error}");
    assert!(error.to_string().contains("no answer in time"), "{error}");
    assert!(begun.elapsed() < Duration::from_millis(3900));
}

#[tokio::test]
async fn a_name_that_nobody_looks_up_keeps_no_other_gateway_waiting() {
    let ground = Ground::new();
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let living = ground.stand(Gateway::Answers(0)).await;
    let mut route = route(&[&living, &living], "db");
    route.gateways[0].address = Address::Name("gateway.example".parse().unwrap());
    let tunnels = ground.tunnels(Some(silent.local_addr().unwrap()));
    tunnels.gateways.follow([&route]);
    let begun = Instant::now();
    let tunnel = tunnels.open(&route).await.unwrap();
    assert_eq!(tunnel.gateway, living.address);
    assert!(begun.elapsed() < Duration::from_secs(1));

    route.gateways.truncate(1);
    let error = tunnels.open(&route).await.err().unwrap();
    assert_eq!(error.reason(), Reason::NameLookupFailed, "{error}");
}
