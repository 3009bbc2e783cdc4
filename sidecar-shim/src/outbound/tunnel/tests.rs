use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};

use eastwest_mesh::TcpKeepalive;
use eastwest_transport::reason::Reason;
use eastwest_transport::relay::Leg as _;
use tokio::net::{TcpListener, UdpSocket};

use super::*;

mod ground;

use ground::{Gateway, Ground, route, serve};

/// Milliseconds that a busy machine may add; less than the time to connect, which would be the cost
/// without a second attempt.
const SLACK: u128 = 1000;

fn standing(tunnels: &Tunnels, route: &Route, place: usize) -> String {
    let shown = tunnels.gateways.shown(route);
    let standing = &shown["gateways"][place]["health"]["standing"];
    standing.as_str().unwrap_or_default().to_owned()
}

/// Which steps a connection has taken: look-up, TCP, ClientHello, TLS.
fn taken(steps: &Steps) -> [bool; 4] {
    [Step::Dns, Step::Connect, Step::Hello, Step::Handshake].map(|step| steps.taken(step).is_some())
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
        (Gateway::Refuses, SLACK),
        (Gateway::HangsUp, SLACK),
        (Gateway::Alert(112), SLACK),
        (Gateway::Alert(80), SLACK),
        // Not Istio's, and no word about us: something else has taken its address.
        (Gateway::Alert(40), SLACK),
        (Gateway::Alert(70), SLACK),
        (Gateway::Chatters, SLACK),
        (Gateway::BlackHole, 250 + SLACK),
        (Gateway::Frozen, 1000 + SLACK),
    ] {
        let failing = ground.stand(kind).await;
        let route = route(&[&failing, &living], "db");
        let tunnels = ground.tunnels(None);
        tunnels.gateways.follow([&route]);
        let begun = Instant::now();
        let (began, steps) = (Instant::now(), Steps::default());
        let tunnel = tunnels.open(&route, &steps).await.unwrap();
        assert_eq!(taken(&steps), [false, true, true, true]);
        let [connect, hello, done] =
            [Step::Connect, Step::Hello, Step::Handshake].map(|step| steps.taken(step).unwrap());
        assert!(connect <= hello && hello <= done && done <= began.elapsed());
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
    tunnels.open(&route, &Steps::default()).await.unwrap();
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
    tunnels.open(&route, &Steps::default()).await.unwrap();
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
    let tunnel = tunnels.open(&route, &Steps::default()).await.unwrap();
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
            tunnels.open(&route, &Steps::default()).await.unwrap();
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
    let error = tunnels.open(&route, &Steps::default()).await.err().unwrap();
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
    let steps = Steps::default();
    let error = tunnels.open(&route, &steps).await.err().unwrap();
    assert_eq!(error.reason(), Reason::PodUnreachable, "{error}");
    assert_eq!(taken(&steps), [false, true, true, false]);
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
    route.connection_pool.connect_timeout = Some(Duration::from_millis(500));
    let tunnels = ground.tunnels(None);
    tunnels.gateways.follow([&route]);
    let begun = Instant::now();
    let steps = Steps::default();
    let error = tunnels.open(&route, &steps).await.err().unwrap();
    assert_eq!(error.reason(), Reason::HandshakeTimeout, "{error}");
    assert_eq!(taken(&steps), [false, true, true, false]);
    assert!(error.to_string().contains("no answer in time"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(6));
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
    let tunnel = tunnels.open(&route, &Steps::default()).await.unwrap();
    assert_eq!(tunnel.gateway, living.address);
    assert!(begun.elapsed().as_millis() < 250 + SLACK);

    route.gateways.truncate(1);
    let steps = Steps::default();
    let error = tunnels.open(&route, &steps).await.err().unwrap();
    assert_eq!(error.reason(), Reason::NameLookupFailed, "{error}");
    assert_eq!(taken(&steps), [false; 4]);
}

#[tokio::test]
async fn a_rule_tunes_the_keepalive_of_its_own_tunnels() {
    let ground = Ground::new();
    let living = ground.stand(Gateway::Answers(0)).await;
    let mut route = route(&[&living], "db");
    let tunnels = ground.tunnels(None);
    tunnels.gateways.follow([&route]);
    let keepalive = |tunnel: &Tunnel| {
        let socket = SockRef::from(tunnel.stream.tcp());
        (
            socket.tcp_keepalive_time().unwrap(),
            socket.tcp_keepalive_interval().unwrap(),
            socket.tcp_keepalive_retries().unwrap(),
        )
    };
    let usual = tunnels.open(&route, &Steps::default()).await.unwrap();
    let (five, three) = (Duration::from_secs(5), Duration::from_secs(3));
    assert_eq!(keepalive(&usual), (five, three, 3));
    route.connection_pool.keepalive = Some(TcpKeepalive {
        time: Some(Duration::from_secs(20)),
        interval: None,
        probes: NonZeroU32::new(4),
    });
    let tuned = tunnels.open(&route, &Steps::default()).await.unwrap();
    assert_eq!(keepalive(&tuned), (Duration::from_secs(20), three, 4));
    let noticed = tunnels.sockets_of(&route).keepalive.unwrap().dead_after();
    assert_eq!(noticed, Duration::from_secs(20 + 4 * 3));
}
