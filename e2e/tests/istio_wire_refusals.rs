//! Who is refused: what the caller sees, what is logged, and that the app never hears of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use eastwest::certs::valid_for;
use eastwest_e2e::envoy::MaxTls;
use eastwest_e2e::wire::{By, Caller, Mode, Place, Wire};

const SOURCE: Place = Place::SOURCE_OURS;
const SNI: &str = "sni=outbound_.3306_._.src-db-pxc-0.pxc.svc.cluster.local";
const HOUR: Duration = Duration::from_secs(3600);

/// A pod with our shim behind our gateway.
fn ours(place: &Place) -> Wire {
    let mut wire = Wire::prepare(env!("CARGO_BIN_EXE_wire-peer")).unwrap();
    wire.start_app(place).unwrap();
    wire.start_server(place, &[], MaxTls::Tls13).unwrap();
    wire.start_gateway(By::Ours).unwrap();
    wire
}

/// A folder with a certificate that is not to be let in.
fn written(wire: &Wire, name: &str, write: impl FnOnce(&std::path::Path)) -> PathBuf {
    let dir = wire.clusters.dir().join(name);
    std::fs::create_dir_all(&dir).unwrap();
    write(&dir);
    dir
}

const REPLICA: &str = "spiffe://cluster.local/ns/pxc/sa/db-pxc";

/// What is wrong with a certificate, the alert that says so, and the reason in our log.
fn strangers(wire: &Wire) -> [(PathBuf, &'static str, &'static str); 4] {
    let signed = |name: &str, id: &str| {
        written(wire, name, |dir| {
            wire.keys.stranger(dir, id, valid_for(HOUR)).unwrap();
        })
    };
    let root = written(wire, "wrong-root", |dir| {
        wire.keys.impostor(dir, REPLICA).unwrap()
    });
    let account = signed("wrong-account", "spiffe://cluster.local/ns/demo/sa/app");
    let domain = signed(
        "wrong-domain",
        "spiffe://cluster.local.example/ns/pxc/sa/db-pxc",
    );
    let expired = written(wire, "expired", |dir| {
        let mut validity = valid_for(HOUR);
        validity.not_before = SystemTime::now() - 2 * HOUR;
        validity.not_after = SystemTime::now() - HOUR;
        wire.keys.stranger(dir, REPLICA, validity).unwrap();
    });
    [
        (root, "UnknownCA", "peer_certificate"),
        (account, "AccessDenied", "peer_not_allowed"),
        (domain, "AccessDenied", "peer_not_allowed"),
        (expired, "CertificateExpired", "peer_certificate"),
    ]
}

/// The app has had this many callers, all of whom were to be let in. Asks once more itself, so that
/// one who came late would be seen before.
fn assert_callers(wire: &mut Wire, place: &Place, to: SocketAddr, before: usize) {
    let identity = format!("identity={}", wire.keys.client(&Caller::REPLICA).display());
    let sni = format!("sni=outbound_.3306_._.{}", place.alias());
    let came = wire
        .present("b-db", to, &[&sni, "alpn=istio", &identity])
        .unwrap();
    assert_eq!(came, format!("hello from {}", place.pod));
    assert_eq!(callers(wire, place), before + 1);
}

fn callers(wire: &mut Wire, place: &Place) -> usize {
    let printed = wire.printed(&place.app_program()).unwrap();
    printed.matches("connection from").count()
}

/// Presents something, and expects what comes back and what is logged.
fn refused(wire: &mut Wire, to: SocketAddr, what: &[&str], sees: &str, by: &str, reason: &str) {
    let before = wire.printed(by).unwrap().len();
    let came = wire.present("gateway", to, what).unwrap();
    assert!(came.contains(sees), "{what:?}: {came}");
    let reason = format!("\"reason\":\"{reason}\"");
    wire.await_line(by, before, &reason)
        .unwrap_or_else(|error| panic!("{what:?}: {error}"));
}

#[test]
fn our_gateway_refuses_what_names_no_exported_pod() {
    let mut wire = ours(&SOURCE);
    let gateway = wire.clusters.layout().gateway();
    let replica = format!("identity={}", wire.keys.client(&Caller::REPLICA).display());
    let cases: [(&[&str], &str, &str); 8] = [
        (
            &[
                "sni=outbound_.8080_._.src-secret-0.vault.svc.cluster.local",
                "alpn=istio",
            ],
            "UnrecognisedName",
            "not_exported",
        ),
        (
            &["sni=outbound_.3306_._.elsewhere.example", "alpn=istio"],
            "UnrecognisedName",
            "not_exported",
        ),
        (
            &[
                "sni=outbound_.3306_._.src-db-pxc-2.pxc.svc.cluster.local",
                "alpn=istio",
            ],
            "InternalError",
            "name_not_found",
        ),
        (
            &[
                "sni=inbound_.3306_._.src-db-pxc-0.pxc.svc.cluster.local",
                "alpn=istio",
            ],
            "UnrecognisedName",
            "bad_sni",
        ),
        (&["alpn=istio"], "UnrecognisedName", "no_sni"),
        (&[SNI], "NoApplicationProtocol", "no_istio_alpn"),
        (
            &[SNI, "alpn=h2,http/1.1,ISTIO"],
            "NoApplicationProtocol",
            "no_istio_alpn",
        ),
        (&["plain"], "closed", "not_tls"),
    ];
    for (what, sees, reason) in cases {
        let what: Vec<_> = what.iter().copied().chain([&*replica]).collect();
        refused(&mut wire, gateway, &what, sees, "gateway", reason);
    }
    assert_callers(&mut wire, &SOURCE, gateway, 0);
}

#[test]
fn our_shim_refuses_who_cannot_prove_to_be_a_caller() {
    let mut wire = ours(&SOURCE);
    let by = SOURCE.sidecar_program();
    let shim = SocketAddr::new(SOURCE.address(), 15444);
    let replica = format!("identity={}", wire.keys.client(&Caller::REPLICA).display());
    // Past the gateway, as a neighbour of the pod could.
    refused(&mut wire, shim, &["plain"], "", &by, "not_tls");
    refused(
        &mut wire,
        shim,
        &["alpn=istio", &replica],
        "AccessDenied",
        &by,
        "no_sni",
    );
    let port = "sni=outbound_.3307_._.src-db-pxc-0.pxc.svc.cluster.local";
    // Through the gateway, ours and Istio's.
    for gateway in [By::Ours, By::Envoy] {
        wire.start_gateway(gateway).unwrap();
        let to = wire.clusters.layout().gateway();
        if gateway == By::Ours {
            let what = [port, "alpn=istio", &replica];
            refused(&mut wire, to, &what, "AccessDenied", &by, "port_not_served");
        }
        let nobody = [SNI, "alpn=istio"];
        refused(
            &mut wire,
            to,
            &nobody,
            "CertificateRequired",
            &by,
            "peer_certificate",
        );
        for (dir, sees, reason) in strangers(&wire) {
            let identity = format!("identity={}", dir.display());
            refused(
                &mut wire,
                to,
                &[SNI, "alpn=istio", &identity],
                sees,
                &by,
                reason,
            );
        }
        let before = callers(&mut wire, &SOURCE);
        assert_eq!(before, usize::from(gateway == By::Envoy));
        assert_callers(&mut wire, &SOURCE, to, before);
    }
}

#[test]
fn another_account_of_the_same_namespace_is_no_caller_where_one_is_named() {
    let place = Place::HELLO_OURS;
    let mut wire = ours(&place);
    let other = written(&wire, "other", |dir| {
        let id = "spiffe://cluster.local/ns/demo/sa/other";
        wire.keys.stranger(dir, id, valid_for(HOUR)).unwrap();
    });
    let sni = format!("sni=outbound_.8080_._.{}", place.alias());
    let identity = format!("identity={}", other.display());
    let what = [&*sni, "alpn=istio", &identity];
    let (to, by) = (wire.clusters.layout().gateway(), place.sidecar_program());
    let (sees, reason) = ("AccessDenied", "peer_not_allowed");
    refused(&mut wire, to, &what, sees, &by, reason);
    assert_eq!(callers(&mut wire, &place), 0);
}

#[test]
fn an_envoy_with_the_wrong_certificate_is_refused_by_our_shim() {
    let mut wire = ours(&SOURCE);
    let by = SOURCE.sidecar_program();
    for (dir, _, reason) in strangers(&wire) {
        let caller = Caller::REPLICA;
        wire.start_envoy_client(&caller, &dir, MaxTls::Tls13)
            .unwrap();
        let before = wire.printed(&by).unwrap().len();
        let talk = wire.talk(&SOURCE, By::Envoy, Mode::Echo).unwrap();
        assert_eq!(talk.greeting, "", "{dir:?}: {talk:?}");
        wire.await_line(&by, before, &format!("\"reason\":\"{reason}\""))
            .unwrap();
    }
    let gateway = wire.clusters.layout().gateway();
    assert_callers(&mut wire, &SOURCE, gateway, 0);
}

#[test]
fn our_shim_refuses_an_envoy_that_is_not_the_pod_that_was_asked_for() {
    let place = Place::SOURCE_ENVOY;
    let caller = Caller::REPLICA;
    let mut wire = Wire::prepare(env!("CARGO_BIN_EXE_wire-peer")).unwrap();
    wire.start_app(&place).unwrap();
    wire.start_gateway(By::Ours).unwrap();
    wire.start_client(&caller, By::Ours, &[], MaxTls::Tls13)
        .unwrap();
    let by = caller.program(By::Ours);
    for (dir, _, reason) in strangers(&wire) {
        wire.start_envoy_server(&place, &dir, MaxTls::Tls13)
            .unwrap();
        let before = wire.printed(&by).unwrap().len();
        let talk = wire.talk(&place, By::Ours, Mode::Echo).unwrap();
        assert_eq!(talk.greeting, "", "{dir:?}: {talk:?}");
        assert!(talk.ended.contains("reset"), "{dir:?}: {talk:?}");
        wire.await_line(&by, before, &format!("\"reason\":\"{reason}\""))
            .unwrap();
    }
}

#[test]
fn our_shim_says_what_it_met_where_istio_refuses_it() {
    let mut wire = Wire::prepare(env!("CARGO_BIN_EXE_wire-peer")).unwrap();
    let (place, caller) = (Place::SOURCE_ENVOY, Caller::REPLICA);
    wire.start_app(&place).unwrap();
    wire.start_server(&place, &[], MaxTls::Tls13).unwrap();
    wire.start_gateway(By::Envoy).unwrap();
    wire.start_client(&caller, By::Ours, &[], MaxTls::Tls13)
        .unwrap();
    let by = caller.program(By::Ours);
    // Istio's gateway has no chain for what is not exported, and closes without a word.
    let secret = "src-secret-0.vault.svc.cluster.local";
    let dialled = wire.dialled_alias(secret, By::Ours).unwrap();
    let before = wire.printed(&by).unwrap().len();
    let talk = wire.talk_to(&caller, secret, dialled, Mode::Http).unwrap();
    assert!(talk.ended.contains("reset"), "{talk:?}");
    let line = wire
        .await_line(&by, before, "\"reason\":\"handshake_closed\"")
        .unwrap();
    assert!(line.contains("Istio's gateway does so"), "{line}");
    let own = wire.keys.client(&caller);
    let as_another = |wire: &mut Wire, reason: &str| {
        wire.start_client(&caller, By::Ours, &[], MaxTls::Tls13)
            .unwrap();
        let before = wire.printed(&by).unwrap().len();
        let talk = wire.talk(&place, By::Ours, Mode::Echo).unwrap();
        wire.await_line(&by, before, reason).unwrap();
        talk
    };
    // Istio's sidecar looks at the root during the handshake, and at the account when the first byte
    // comes: the greeting of an app that speaks first is out by then, and no more.
    wire.keys.impostor(&own, REPLICA).unwrap();
    let talk = as_another(&mut wire, "\"reason\":\"refused_by_peer\"");
    assert_eq!(talk.greeting, "", "{talk:?}");
    assert!(talk.ended.contains("reset"), "{talk:?}");
    let account = "spiffe://cluster.local/ns/demo/sa/app";
    wire.keys.stranger(&own, account, valid_for(HOUR)).unwrap();
    let talk = as_another(&mut wire, "connection ended");
    assert_eq!(talk.received, 0, "{talk:?}");
    wire.await_line(&place.sidecar_program(), 0, "rbac_access_denied")
        .unwrap();
}
