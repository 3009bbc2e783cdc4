use std::sync::Arc;

use super::*;
use crate::connections::{ByteCounts, ConnectionGuard, ConnectionInfo, Connections, Direction};

fn opened(connections: &Connections) -> ConnectionGuard {
    connections.open(ConnectionInfo {
        direction: Direction::Inbound,
        peer: ([10, 0, 0, 7], 40_000).into(),
        bytes: ByteCounts::default(),
    })
}

fn routed(connections: &Connections) -> ConnectionGuard {
    let guard = opened(connections);
    guard.set_route("db-pxc-0:3306", "db-pxc-0");
    guard
}

fn end(guard: &ConnectionGuard) {
    guard.keep_timeline("finished");
}

fn ids(recorded: &Recorded) -> Vec<u64> {
    recorded.timelines.iter().map(|one| one.id).collect()
}

#[test]
fn the_newest_come_first_and_the_oldest_go() {
    let connections = Connections::new();
    let all = CAPACITY as u64 + 250;
    for before in 0..all {
        if before == CAPACITY as u64 / 2 {
            let half = connections.timelines(usize::MAX);
            assert_eq!(ids(&half), (0..before).rev().collect::<Vec<_>>());
        }
        end(&routed(&connections));
    }
    let recorded = connections.timelines(usize::MAX);
    assert_eq!((recorded.capacity, recorded.recorded), (CAPACITY, all));
    assert_eq!(ids(&recorded), (250..all).rev().collect::<Vec<_>>());
    let few = connections.timelines(3);
    assert_eq!(ids(&few), [all - 1, all - 2, all - 3]);
}

#[test]
fn those_that_live_are_among_them_and_nobody_is_there_twice() {
    let connections = Connections::new();
    let old = opened(&connections);
    let ended = opened(&connections);
    end(&ended);
    // Recorded, and in the table for a moment more.
    let new = opened(&connections);
    let recorded = connections.timelines(10);
    assert_eq!(ids(&recorded), [new.id(), ended.id(), old.id()]);
    assert!(recorded.timelines[0].ended.is_none());
    assert!(recorded.timelines[1].ended.is_some());
    drop(ended);
    // By its end it is the newest.
    end(&old);
    drop(old);
    assert_eq!(ids(&connections.timelines(2)), [0, new.id()]);
    assert_eq!(connections.timelines(2).recorded, 2);
}

#[test]
fn a_stream_of_days_is_there_however_many_came_and_went_since() {
    let connections = Connections::new();
    let lasting: Vec<_> = (0..30).map(|_| routed(&connections)).collect();
    for _ in 0..2 * CAPACITY {
        end(&routed(&connections));
    }
    let last = 29 + 2 * CAPACITY as u64;
    // Those that have lived longest, and the newest of all for the rest.
    assert_eq!(
        ids(&connections.timelines(8)),
        [last, last - 1, last - 2, last - 3, last - 4, last - 5, 1, 0]
    );
    assert_eq!(ids(&connections.timelines(3)), [last, last - 1, last - 2]);
    assert!(connections.timelines(0).timelines.is_empty());
    let all = connections.timelines(CAPACITY);
    assert_eq!(all.timelines.len(), CAPACITY);
    let living = |one: &&Timeline| one.ended.is_none();
    assert_eq!(all.timelines.iter().filter(living).count(), lasting.len());
    // Also where those that live are many more than were asked for.
    drop(all);
    let new: Vec<_> = (0..100).map(|_| routed(&connections)).collect();
    let newest = new.last().map(ConnectionGuard::id).unwrap();
    assert_eq!(
        ids(&connections.timelines(5)),
        [newest, newest - 1, newest - 2, newest - 3, 0]
    );
}

#[test]
fn those_that_come_to_no_route_push_out_only_each_other() {
    let connections = Connections::new();
    let strangers = |many: usize| {
        for nth in 0..many {
            let guard = opened(&connections);
            if nth % 2 == 0 {
                guard.set_asked("made-up.pxc.svc.cluster.local");
            }
            end(&guard);
        }
    };
    let kept = || {
        let recorded = connections.timelines(usize::MAX);
        let known = |one: &&Timeline| one.route.as_deref() == Some("db-pxc-0:3306");
        let routed = recorded.timelines.iter().filter(known).count();
        (routed, recorded.timelines.len() - routed)
    };
    // Before a route is used they have their part and no more.
    strangers(5 * CAPACITY);
    assert_eq!(kept(), (0, STRANGERS));
    for _ in 0..50 {
        end(&routed(&connections));
    }
    strangers(5 * CAPACITY);
    assert_eq!(kept(), (50, STRANGERS));
    // Where nobody else comes, a route may have all places.
    for _ in 0..CAPACITY {
        end(&routed(&connections));
    }
    assert_eq!(kept(), (CAPACITY, 0));
    strangers(3);
    assert_eq!(kept(), (CAPACITY - 3, 3));
    strangers(5 * CAPACITY);
    assert_eq!(kept(), (CAPACITY - STRANGERS, STRANGERS));
    let newest = ids(&connections.timelines(3));
    let all = 15 * CAPACITY as u64 + 50 + CAPACITY as u64 + 3;
    assert_eq!(newest, [all - 1, all - 2, all - 3]);
}

#[test]
fn many_may_end_at_once() {
    const EACH: u64 = 500;
    const THREADS: u64 = 8;
    let connections = Connections::new();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..EACH {
                    let guard = routed(&connections);
                    end(&guard);
                    drop(guard);
                    let seen = ids(&connections.timelines(50));
                    let distinct: HashSet<_> = seen.iter().collect();
                    assert_eq!(distinct.len(), seen.len());
                }
            });
        }
    });
    let recorded = connections.timelines(usize::MAX);
    assert_eq!(recorded.recorded, EACH * THREADS);
    let distinct: HashSet<_> = ids(&recorded).into_iter().collect();
    assert_eq!(distinct.len(), CAPACITY);
    assert!(connections.is_empty());
}

/// Names are shared with the row, or made shorter.
#[test]
fn a_place_has_256_bytes_and_there_are_no_more_places_than_there_should_be() {
    assert!(size_of::<Timeline>() <= 256, "{}", size_of::<Timeline>());
    let history = History::default();
    let places = |history: &History| {
        let ring = lock(&history.ring);
        (ring.routed.capacity(), ring.strangers.capacity())
    };
    assert_eq!(places(&history), (0, 0));
    let connections = Connections::new();
    let entry = Arc::clone(&opened(&connections).entry);
    for came in [Came::ToNothing, Came::ToRoute, Came::ToNothing] {
        for _ in 0..2 * CAPACITY {
            history.push(entry.timeline(Some("finished")), came);
        }
    }
    assert_eq!(places(&history), (CAPACITY, STRANGERS));
}
