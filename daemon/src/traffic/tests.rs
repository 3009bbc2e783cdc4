use super::*;
use crate::connections::{ConnectionInfo, Connections};
use crate::context::Context;
use crate::metrics::Metrics;
use crate::{Ended, Weight};

fn scraped(connections: &Connections) -> String {
    let recorder = Metrics::install();
    let mut context = Context::new();
    context.connections = connections.clone();
    recorder.render(&context)
}

/// The sum of a metric's series that have this label in them.
fn total(text: &str, metric: &str, label: &str) -> u64 {
    let mine = text
        .lines()
        .filter(|line| line.starts_with(metric) && line.contains(label));
    let values = mine.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
    values.sum()
}

#[test]
fn bytes_count_while_the_connection_lives_and_none_twice() {
    Metrics::install();
    let connections = Connections::new();
    let bytes = ByteCounts::default();
    let guard = connections.open(ConnectionInfo {
        direction: Direction::Outbound,
        peer: ([127, 0, 0, 1], 1).into(),
        bytes: Arc::clone(&bytes),
    });
    let service = "destination_service=\"live.test.svc.cluster.local\"";
    guard.relays(&Talk {
        source_principal: Some("spiffe://cluster.local/ns/test/sa/one"),
        destination_principal: Some("spiffe://cluster.local/ns/test/sa/other"),
        destination_service: Some("live.test.svc.cluster.local"),
    });
    for (to_upstream, to_peer) in [(7, 9), (7, 9), (100, 10)] {
        bytes[0].store(to_upstream, Ordering::Relaxed);
        bytes[1].store(to_peer, Ordering::Relaxed);
        let text = scraped(&connections);
        assert_eq!(total(&text, RECEIVED, service), to_upstream, "{text}");
        assert_eq!(total(&text, SENT, service), to_peer);
        assert_eq!(total(&text, OPENED, service), 1);
        assert_eq!(total(&text, CLOSED, service), 0);
    }
    bytes[0].store(101, Ordering::Relaxed);
    guard.end(&Ended {
        reason: "upstream_reset",
        error: None,
        weight: Weight::Failure,
    });
    let text = scraped(&connections);
    assert_eq!(total(&text, RECEIVED, service), 101);
    let closed = text.lines().find(|line| {
        line.starts_with(CLOSED) && line.contains(service) && line.contains("=\"UC\"")
    });
    assert!(closed.is_some_and(|line| line.ends_with(" 1")), "{text}");
    assert!(closed.is_some_and(|line| line.contains("reporter=\"source\"")));
}

#[test]
fn a_connection_that_another_process_has_had_is_counted_from_here_on() {
    Metrics::install();
    let connections = Connections::new();
    let bytes = ByteCounts::default();
    bytes[0].store(1_000, Ordering::Relaxed);
    let info = ConnectionInfo {
        direction: Direction::Passthrough,
        peer: ([127, 0, 0, 1], 1).into(),
        bytes: Arc::clone(&bytes),
    };
    let guard = connections.go_on(1, info, std::time::Duration::ZERO);
    guard.goes_on_relaying(&Talk {
        destination_service: Some("taken.test.svc.cluster.local"),
        ..Talk::default()
    });
    bytes[0].store(1_003, Ordering::Relaxed);
    let text = scraped(&connections);
    let service = "taken.test.svc.cluster.local";
    assert_eq!(total(&text, RECEIVED, service), 3, "{text}");
    assert_eq!(total(&text, OPENED, service), 0);
}

#[test]
fn there_are_no_more_label_sets_than_there_may_be() {
    let talks = Talks::default();
    for n in 0..10_000 {
        let service = format!("{n}.crowd.svc.cluster.local");
        talks.of(
            Direction::Inbound,
            &Talk {
                destination_service: Some(&service),
                ..Talk::default()
            },
        );
    }
    assert_eq!(talks.known.lock().unwrap().len(), MOST + 1);
}
