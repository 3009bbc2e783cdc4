use std::path::PathBuf;

use super::*;

const OUT: Direction = Direction::Outbound;
const GATE: Direction = Direction::Passthrough;
const IN: Direction = Direction::Inbound;

/// A line of a hop that has dialled on.
fn line(hop: Direction, reason: &str) -> AccessLine {
    AccessLine {
        file: PathBuf::from(hop.as_str()),
        number: 1,
        time: Some(format!("2026-11-26T09:11:14.{:06}Z", hop as u8)),
        id: Some(ConnectionId(7)),
        hop,
        src_addr: Some("10.0.0.7:40000".to_owned()),
        src_identity: None,
        dst_addr: Some("10.0.0.8:15443".to_owned()),
        dst_service: None,
        dst_identity: None,
        bytes_recv: 1,
        bytes_sent: 2,
        duration_ms: 3.0,
        reason: reason.to_owned(),
        error: None,
    }
}

fn short(hop: Direction, reason: &str) -> AccessLine {
    AccessLine {
        dst_addr: None,
        ..line(hop, reason)
    }
}

fn only(lines: Vec<AccessLine>) -> Connection {
    let mut joined = join(lines);
    assert_eq!(joined.len(), 1, "{joined:?}");
    joined.remove(0)
}

#[test]
fn lines_in_any_order_join_in_the_order_of_the_way() {
    let connection = only(vec![
        line(IN, "finished"),
        line(OUT, "finished"),
        line(GATE, "finished"),
    ]);
    assert!(connection.is_whole());
    let hops: Vec<_> = connection.hops.iter().map(|line| line.hop).collect();
    assert_eq!(hops, WAY);
    assert_eq!(connection.ended_first, EndedFirst::Finished);
}

#[test]
fn the_hop_without_a_line_is_named_where_it_was_come_by() {
    let missing = |lines| only(lines).missing;
    let done = "finished";
    assert_eq!(missing(vec![line(OUT, done), line(IN, done)]), [GATE]);
    assert_eq!(missing(vec![line(GATE, done), line(IN, done)]), [OUT]);
    assert_eq!(missing(vec![line(OUT, done), line(GATE, done)]), [IN]);
    assert_eq!(missing(vec![line(OUT, done)]), [GATE, IN]);
    // Nobody is missing where a connection has not come.
    let refused = vec![short(OUT, "not_exported"), short(GATE, "not_exported")];
    assert!(missing(refused).is_empty());
    let mut undialled = short(OUT, "dial_refused");
    undialled.id = None;
    assert!(missing(vec![undialled]).is_empty());
}

#[test]
fn whoever_says_that_it_ended_it_did() {
    let first = |reasons: [&str; 3]| {
        let lines = WAY.into_iter().zip(reasons);
        only(lines.map(|(hop, reason)| line(hop, reason)).collect()).ended_first
    };
    let gateway = ["upstream_reset", "drained", "downstream_reset"];
    assert_eq!(first(gateway), EndedFirst::Hop(GATE));
    let caller = ["downstream_reset"; 3];
    assert_eq!(first(caller), EndedFirst::Caller);
    let callee = ["upstream_truncated", "upstream_reset", "upstream_failed"];
    assert_eq!(first(callee), EndedFirst::Callee);
    let cut = ["upstream_dead", "downstream_dead", "downstream_truncated"];
    assert_eq!(first(cut), EndedFirst::Between(OUT, GATE));
    let cut = ["upstream_reset", "upstream_dead", "downstream_dead"];
    assert_eq!(first(cut), EndedFirst::Between(GATE, IN));
    let cut = ["finished", "finished", "downstream_dead"];
    assert_eq!(first(cut), EndedFirst::Between(GATE, IN));
}

#[test]
fn a_hop_without_a_line_may_have_ended_it() {
    let connection = only(vec![
        line(OUT, "upstream_reset"),
        line(IN, "downstream_reset"),
    ]);
    assert_eq!(connection.ended_first, EndedFirst::Silent(GATE));
    let refused = vec![short(OUT, "refused_by_peer"), line(GATE, "finished")];
    assert_eq!(only(refused).ended_first, EndedFirst::Between(OUT, GATE));
    let refused = vec![short(OUT, "refused_by_peer"), short(IN, "peer_not_allowed")];
    assert_eq!(only(refused).ended_first, EndedFirst::Hop(IN));
}

#[test]
fn a_line_that_is_in_two_files_counts_once() {
    let connection = only(vec![line(OUT, "finished"), line(OUT, "finished")]);
    assert_eq!((connection.hops.len(), connection.same_id), (1, None));
}

#[test]
fn connections_that_were_given_one_id_are_shown_alone() {
    let mut other = line(GATE, "finished");
    other.src_addr = Some("10.0.0.9:1".to_owned());
    let joined = join(vec![line(GATE, "finished"), other, line(OUT, "finished")]);
    assert_eq!(joined.len(), 3);
    for connection in joined {
        assert_eq!(connection.same_id, Some(2));
        assert!(!connection.is_whole());
    }
}

#[test]
fn connections_are_in_the_order_of_time() {
    let at = |id: u64, second: u8| {
        let mut line = line(OUT, "finished");
        (line.id, line.time) = (
            Some(ConnectionId(id)),
            Some(format!("2026-11-26T09:11:{second}Z")),
        );
        line
    };
    let joined = join(vec![at(1, 30), at(2, 10), at(3, 20)]);
    let ids: Vec<_> = joined
        .iter()
        .filter_map(|one| one.id)
        .map(|id| id.0)
        .collect();
    assert_eq!(ids, [2, 3, 1]);
}
