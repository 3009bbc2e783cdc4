use std::io::{BufRead, BufReader};
use std::net::TcpListener;

use serde_json::json;

use super::*;
use crate::programs::tests::called;

/// What the process of this number that has started then tells.
fn told(pid: u32, started: &str) -> Told {
    let whole = json!({
        "program": { "pid": pid, "started": started }, "now": "", "uptime_seconds": -3600, "state": "draining",
        "blocked": [], "listeners": [], "certificates": [], "reload": { "outcome": "none" },
        "routes": [], "routes_total": 0, "connections": { "open": 0, "rows": [] },
        "totals": { "opened": 0, "bytes_to_upstream": 0, "bytes_to_peer": 0 },
    });
    let status = serde_json::from_value(whole.clone()).unwrap();
    Told { whole, status }
}

const NOW: Duration = Duration::ZERO;

/// What is heard of a server that is gone where `kubectl port-forward` goes on to listen: it ends each connection.
fn behind_a_forwarder() -> AdminError {
    let forwarder = TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = forwarder.local_addr().unwrap();
    let ends = std::thread::spawn(move || {
        let (stream, _) = forwarder.accept().unwrap();
        // All of it: a close with something unread is a reset.
        let lines = BufReader::new(stream).lines().map(Result::unwrap);
        assert!(lines.take_while(|line| !line.is_empty()).count() > 0);
    });
    let error = Told::by(&AdminArgs { admin }).unwrap_err();
    ends.join().unwrap();
    error
}

#[test]
fn a_process_that_cannot_be_seen_is_not_said_to_have_ended() {
    let drained = Drained::of(&told(1, "12:00"));
    assert!(drained.seen.is_none());
    let end = |answer| drained.end(drained.heard(&answer), NOW);
    assert_eq!(end(Ok(told(1, "12:00"))), None);
    let admin = ([127, 0, 0, 1], 15000).into();
    assert_eq!(end(Err(AdminError::Refused(admin))), Some(End::Unheard));
    for error in [AdminError::HungUp(admin), behind_a_forwarder()] {
        let heard = drained.heard(&Err(error));
        assert_eq!(drained.end(heard, NOW), None);
        assert_eq!(drained.end(heard, LASTING), Some(End::Unheard));
    }
    // One that is frozen has not ended, however long it is.
    let frozen = drained.heard(&Err(AdminError::Frozen { address: admin }));
    assert_eq!(drained.end(frozen, LASTING), None);
}

#[test]
fn a_container_that_starts_again_has_the_same_number_and_is_another_process() {
    let drained = Drained::of(&told(1, "12:00"));
    let heard = drained.heard(&Ok(told(1, "12:01")));
    assert_eq!(drained.end(heard, NOW), Some(End::Replaced));
}

/// Two containers of a pod have the same number one, and may have been started together.
#[test]
fn a_process_that_can_be_seen_has_not_ended_until_answers_say_so_for_long() {
    let mut child = called("eastwest-shim");
    let drained = Drained {
        seen: Process::of_age(child.id(), 0.0),
        ..Drained::of(&told(7, "12:00"))
    };
    assert!(drained.seen.is_some());
    let another = drained.heard(&Ok(told(8, "12:01")));
    let admin = ([127, 0, 0, 1], 15000).into();
    let nobody = drained.heard(&Err(AdminError::Refused(admin)));
    for (heard, end) in [(another, End::Replaced), (nobody, End::Unheard)] {
        assert_eq!(drained.end(heard, NOW), None);
        assert_eq!(drained.end(heard, LASTING), Some(end));
    }
    drop(child.stdin.take());
    child.wait().unwrap();
    assert_eq!(drained.end(nobody, NOW), Some(End::Seen));
    // It is another that has ended.
    let itself = drained.heard(&Ok(told(7, "12:00")));
    assert_eq!(drained.end(itself, LASTING), None);
}
