use tokio::time::Instant;

use super::*;

const WAY: Direction = Direction::Passthrough;

fn open(tallies: &Tallies, name: &str) -> Arc<Tally> {
    tallies.open(WAY, name)
}

#[test]
fn names_that_somebody_makes_up_push_out_no_route_in_use() {
    let tallies = Tallies::default();
    let used = open(&tallies, "db-pxc-0");
    for n in 0..3 * MOST {
        let tally = open(&tallies, &format!("made-up-{n}"));
        assert!(!tally.is_idle());
        tally.close();
    }
    assert!(tallies.all(WAY).len() <= MOST);
    let again = tallies.get(WAY, "db-pxc-0").unwrap();
    assert!(Arc::ptr_eq(&used, &again));
    assert!(tallies.get(Direction::Inbound, "db-pxc-0").is_none());
    assert_eq!(tallies.uncounted(), 0);
}

#[test]
fn names_that_somebody_makes_up_push_out_no_route_that_has_been_answered() {
    let tallies = Tallies::default();
    let served = open(&tallies, "db-pxc-0");
    served.answers(Instant::now());
    served.close();
    for n in 0..3 * MOST {
        open(&tallies, &format!("made-up-{n}")).close();
    }
    let again = tallies.get(WAY, "db-pxc-0").unwrap();
    assert!(Arc::ptr_eq(&served, &again));
}

#[test]
fn of_too_many_routes_those_that_nobody_has_come_for_the_longest_are_forgotten() {
    let tallies = Tallies::default();
    let served = |n: usize| {
        let tally = open(&tallies, &format!("db-pxc-{n}"));
        tally.answers(Instant::now());
        tally.close();
    };
    (0..MOST).for_each(served);
    // The oldest has been come for again.
    served(0);
    served(MOST);
    let known = |n: usize| tallies.get(WAY, &format!("db-pxc-{n}")).is_some();
    assert!(known(0) && known(MOST) && known(MOST - 1));
    assert!(!known(1) && !known(AT_ONCE) && known(AT_ONCE + 1));
}

#[test]
fn who_finds_all_places_in_use_is_counted_as_such() {
    let tallies = Tallies::default();
    for n in 0..MOST + 2 {
        open(&tallies, &format!("db-pxc-{n}"));
    }
    assert_eq!((tallies.all(WAY).len(), tallies.uncounted()), (MOST, 2));
}

#[test]
fn what_nobody_uses_or_keeps_is_forgotten_unless_somebody_has_just_come_for_it() {
    let tallies = Tallies::default();
    for name in ["gone", "kept"] {
        open(&tallies, name).close();
    }
    open(&tallies, "in use");
    let then = tallies.now();
    open(&tallies, "new").close();
    tallies.keep(&HashSet::from([(WAY, "kept".into())]), then);
    let mut left: Vec<_> = tallies.all(WAY).iter().map(|t| t.name().clone()).collect();
    left.sort_unstable();
    assert_eq!(left, ["in use", "kept", "new"].map(Arc::from));
}
