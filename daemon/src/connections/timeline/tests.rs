use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use super::*;
use crate::connections::{ByteCounts, ConnectionGuard, ConnectionInfo, Connections};

fn opened(connections: &Connections, bytes: &ByteCounts) -> ConnectionGuard {
    connections.open(ConnectionInfo {
        direction: Direction::Outbound,
        peer: "10.0.0.7:40000".parse().unwrap(),
        bytes: Arc::clone(bytes),
    })
}

/// What the relay has noted, in milliseconds since the begin.
fn note(bytes: &ByteCounts, [to_upstream, to_peer, last]: [u64; 3]) {
    let begun = 77_000_000;
    bytes[2].store(begun, Ordering::Relaxed);
    for (place, millis) in bytes[3..].iter().zip([to_upstream, to_peer, last]) {
        place.store(begun + millis * 1_000_000, Ordering::Relaxed);
    }
}

fn shown(timeline: &Timeline) -> Value {
    serde_json::to_value(timeline).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_timeline_has_all_that_happened_in_its_order() {
    let connections = Connections::new();
    let bytes = ByteCounts::default();
    let guard = opened(&connections, &bytes);
    guard.set_connection_id(0xc0ff_ee00);
    let alias = "src-db-pxc-0.pxc.svc.cluster.local";
    guard.set_route(&format!("{alias}:3306"), alias);
    guard.set_identity("spiffe://cluster.local/ns/pxc/sa/db-pxc");
    guard.set_upstream("10.1.0.5:15443".parse().unwrap());
    let begun = guard.steps().opened();
    for (step, micros) in [
        (Step::Dns, 400),
        (Step::Connect, 1_250),
        (Step::Hello, 1_300),
        (Step::Handshake, 3_000),
    ] {
        guard
            .steps()
            .take(step, begun + Duration::from_micros(micros));
    }
    bytes[0].store(7, Ordering::Relaxed);
    bytes[1].store(9, Ordering::Relaxed);
    note(&bytes, [5, 4, 6]);
    tokio::time::advance(Duration::from_millis(20)).await;

    let mut live = shown(&guard.entry.timeline(None));
    assert_eq!(live["ended"], Value::Null);
    assert_eq!(live["reason"], Value::Null);
    assert_eq!(live["milliseconds"]["end"], Value::Null);
    let ended = shown(&guard.entry.timeline(Some("finished")));
    assert_eq!(
        ended["milliseconds"],
        json!({
            "dns": 0.4, "connect": 1.25, "hello": 1.3, "handshake": 3.0,
            "first_byte_to_upstream": 5.0, "first_byte_to_peer": 4.0, "last_byte": 6.0, "end": 20.0,
        })
    );
    for member in ["opened", "milliseconds"] {
        live.as_object_mut().unwrap().remove(member);
    }
    assert_eq!(
        live,
        json!({
            "id": 0, "connection_id": "00000000c0ffee00", "direction": "outbound",
            "peer": "10.0.0.7:40000", "upstream": "10.1.0.5:15443",
            "identity": "spiffe://cluster.local/ns/pxc/sa/db-pxc",
            "route": "src-db-pxc-0.pxc.svc.cluster.local:3306",
            "ended": null, "reason": null, "bytes_to_upstream": 7, "bytes_to_peer": 9,
        })
    );
}

#[tokio::test]
async fn the_end_is_not_before_the_last_byte() {
    let connections = Connections::new();
    let bytes = ByteCounts::default();
    let guard = opened(&connections, &bytes);
    // By a clock that was looked at a little earlier.
    note(&bytes, [1, 2, 60_000]);
    let times = guard.entry.timeline(Some("finished")).milliseconds;
    assert_eq!(times.end, times.last_byte);
    assert!(times.end.is_some());
}

#[tokio::test]
async fn a_connection_that_was_refused_at_once_has_its_end_alone() {
    let connections = Connections::new();
    let guard = opened(&connections, &ByteCounts::default());
    let refused = guard.entry.timeline(Some("no_route"));
    let end = refused.milliseconds.end;
    assert!(end.is_some());
    let none = Milliseconds::default();
    assert_eq!(refused.milliseconds, Milliseconds { end, ..none });
    assert_eq!(refused.reason, Some("no_route"));
}

#[tokio::test]
async fn a_connection_of_another_process_has_its_age() {
    let connections = Connections::new();
    let info = ConnectionInfo {
        direction: Direction::Passthrough,
        peer: "10.0.0.7:40000".parse().unwrap(),
        bytes: ByteCounts::default(),
    };
    let guard = connections.go_on(9, info, Duration::from_secs(3600));
    let timeline = guard.entry.timeline(Some("finished"));
    let [begun, ended] = [Some(timeline.opened), timeline.ended]
        .map(|moment| moment.unwrap().0.duration_since(UNIX_EPOCH).unwrap());
    assert!(ended - begun >= Duration::from_secs(3600));
    assert!(ended - begun < Duration::from_secs(3660));
}

#[test]
fn long_names_are_cut_off_and_others_shared() {
    let usual: Arc<str> = "spiffe://cluster.local/ns/pxc/sa/db-pxc".into();
    assert!(Arc::ptr_eq(&short(&usual), &usual));
    let long: Arc<str> = "ä".repeat(1000).into();
    let cut = short(&long);
    assert!(cut.len() <= LONGEST_NAME && cut.ends_with("ä…"), "{cut}");
}
