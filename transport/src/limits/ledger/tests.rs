use super::*;

const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

fn ledger(total: usize, per_source: usize, per_route: usize) -> Ledger {
    Ledger::new(Limits {
        total: NonZeroUsize::new(total),
        per_source: NonZeroUsize::new(per_source),
        per_route: NonZeroUsize::new(per_route),
    })
}

fn is_empty(ledger: &Ledger) -> bool {
    let Counted {
        total,
        sources,
        routes,
        ..
    } = &*ledger.0;
    total.load(Ordering::Relaxed) == 0 && sources.lock().is_empty() && routes.lock().is_empty()
}

#[test]
fn one_too_many_in_all_is_refused_until_another_has_gone() {
    let ledger = ledger(2, 0, 0);
    let (first, second) = (ledger.admit(ONE).unwrap(), ledger.admit(OTHER).unwrap());
    let refused = ledger.admit(ONE).unwrap_err();
    assert!(
        refused.to_string().contains("--max-connections)"),
        "{refused}"
    );
    drop(first);
    let third = ledger.admit(ONE).unwrap();
    drop((second, third));
    assert!(is_empty(&ledger));
}

#[test]
fn one_source_does_not_take_what_is_anothers() {
    let ledger = ledger(0, 1, 0);
    let first = ledger.admit(ONE).unwrap();
    assert_eq!(
        ledger.admit(ONE).unwrap_err(),
        Full::Source {
            limit: NonZeroUsize::MIN,
            from: ONE.into()
        }
    );
    let other = ledger.admit(OTHER).unwrap();
    drop((first, other));
    assert!(is_empty(&ledger));
}

#[test]
fn addresses_of_one_network_of_ipv6_are_one_source() {
    let ledger = ledger(0, 1, 0);
    let [one, same, other] = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(|address| {
        let address: IpAddr = address.parse().unwrap();
        address
    });
    let first = ledger.admit(one).unwrap();
    let refused = ledger.admit(same).unwrap_err().to_string();
    assert!(refused.contains("from 2001:db8::/64 are open"), "{refused}");
    let second = ledger.admit(other).unwrap();
    drop((first, second));
    assert!(is_empty(&ledger));
}

#[test]
fn one_route_does_not_take_what_is_anothers() {
    let ledger = ledger(0, 0, 1);
    let mut first = ledger.admit(ONE).unwrap();
    first.on_route("db-0").unwrap();
    let mut second = ledger.admit(ONE).unwrap();
    let refused = second.on_route("db-0").unwrap_err();
    assert!(refused.to_string().contains("to db-0"), "{refused}");
    second.on_route("db-1").unwrap();
    drop((first, second));
    assert!(is_empty(&ledger));
}

#[test]
fn a_limit_of_the_route_itself_goes_before_that_of_all() {
    let ledger = ledger(0, 0, 1);
    let own = NonZeroUsize::new(2);
    let mut seats: Vec<_> = (0..3).map(|_| ledger.admit(ONE).unwrap()).collect();
    seats[0].on_route_with("db-0", own).unwrap();
    seats[1].on_route_with("db-0", own).unwrap();
    let refused = seats[2].on_route_with("db-0", own).unwrap_err();
    assert!(refused.to_string().contains("DestinationRule"), "{refused}");
    seats[2].on_route_with("db-1", None).unwrap();
    let mut fourth = ledger.admit(ONE).unwrap();
    let refused = fourth.on_route_with("db-1", None).unwrap_err();
    assert!(
        refused.to_string().contains("--max-connections-per-route"),
        "{refused}"
    );
    drop((seats, fourth));
    assert!(is_empty(&ledger));
}

#[test]
fn a_limit_that_comes_later_counts_what_was_open_before() {
    let ledger = ledger(0, 0, 0);
    let mut first = ledger.admit(ONE).unwrap();
    first.on_route_with("db-0", None).unwrap();
    let mut second = ledger.admit(ONE).unwrap();
    second
        .on_route_with("db-0", NonZeroUsize::new(1))
        .unwrap_err();
    drop((first, second));
    assert!(is_empty(&ledger));
}
