use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::Value;

use super::*;
use crate::args::LogFormat;
use crate::connections::{ConnectionInfo, Connections};
use crate::logging::tests::lines;

/// The line of a connection that ended like this, if one was written at this level.
fn line(level: &str, direction: Direction, ended: &Ended<'_>) -> Option<Value> {
    let connections = Connections::new();
    let bytes = crate::connections::ByteCounts::default();
    let peer = "10.0.0.7:40000".parse().unwrap();
    let guard = connections.open(ConnectionInfo {
        direction,
        peer,
        bytes: Arc::clone(&bytes),
    });
    guard.set_connection_id(0xc0ff_ee00);
    guard.set_asked("src-db-pxc-0.pxc.svc.cluster.local");
    guard.set_identity("spiffe://cluster.local/ns/pxc/sa/db-pxc");
    guard.set_upstream("10.1.0.5:15443".parse().unwrap());
    bytes[0].store(7, Ordering::Relaxed);
    bytes[1].store(9, Ordering::Relaxed);
    let text = lines(level, LogFormat::Json, |_| guard.end(ended));
    assert!(connections.is_empty());
    (!text.is_empty()).then(|| serde_json::from_str(&text).unwrap())
}

const FINISHED: Ended<'_> = Ended {
    reason: "finished",
    error: None,
    weight: Weight::Ordinary,
};

#[test]
fn a_line_has_ztunnels_names_and_leaves_out_what_is_not_known() {
    let line = line("info", Direction::Outbound, &FINISHED).unwrap();
    assert_eq!(line["scope"], "access");
    assert_eq!(line["connection.id"], "00000000c0ffee00");
    assert_eq!(line["src.addr"], "10.0.0.7:40000");
    assert_eq!(line["dst.addr"], "10.1.0.5:15443");
    assert_eq!(line["dst.service"], "src-db-pxc-0.pxc.svc.cluster.local");
    assert_eq!(line["bytes_recv"], 7);
    assert_eq!(line["bytes_sent"], 9);
    assert_eq!(line["reason"], "finished");
    assert!(
        line.get("error").is_none() && line.get("src.identity").is_none(),
        "{line}"
    );
}

#[test]
fn the_proven_identity_is_the_callers_inbound_and_the_far_ends_outbound() {
    let identity = "spiffe://cluster.local/ns/pxc/sa/db-pxc";
    assert_eq!(
        line("info", Direction::Inbound, &FINISHED).unwrap()["src.identity"],
        identity
    );
    assert_eq!(
        line("info", Direction::Outbound, &FINISHED).unwrap()["dst.identity"],
        identity
    );
}

#[test]
fn failures_are_warnings_and_noise_is_for_debugging() {
    let error = "connection refused";
    let ended = |weight| Ended {
        reason: "connect_refused",
        error: Some(&error),
        weight,
    };
    let failure = line("info", Direction::Outbound, &ended(Weight::Failure)).unwrap();
    assert_eq!(
        (&failure["level"], &failure["error"]),
        (&"warn".into(), &error.into())
    );
    assert_eq!(
        line("info", Direction::Outbound, &ended(Weight::Noise)),
        None
    );
    assert!(line("debug", Direction::Outbound, &ended(Weight::Noise)).is_some());
}
