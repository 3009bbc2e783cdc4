use std::time::Duration;

use eastwest_daemon::{ByteCounts, ConnectionGuard, ConnectionInfo, Ended, Weight};
use eastwest_transport::limits::Limits;

use super::*;
use crate::route::tests::exports;

const NAMED: &str = "outbound_.15444_._.db-0.db.pxc.svc.cluster.local";
const BY_PATTERN: &str = "outbound_.15444_._.db-7.db.pxc.svc.cluster.local";
const ELSEWHERE: &str = "outbound_.15444_._.db-0.db.shop.svc.cluster.local";

/// A gateway for which somebody has come by each name, and which exports these hosts.
fn asked(hosts: &str) -> Arc<Gateway> {
    let gateway = crate::serve::tests::gateway(Limits::default());
    gateway.exports.store(exports(hosts, &[]).into());
    for sni in [NAMED, BY_PATTERN, ELSEWHERE] {
        comes_by(&gateway, sni);
    }
    gateway
}

fn comes_by(gateway: &Gateway, sni: &str) -> ConnectionGuard {
    let guard = gateway.connections.open(ConnectionInfo {
        direction: Direction::Passthrough,
        peer: ([127, 0, 0, 1], 40_000).into(),
        bytes: ByteCounts::default(),
    });
    let route = gateway.route_of(sni);
    guard.set_route(route.as_ref().map_or(sni, |route| &route.name), sni);
    guard
}

/// Its routes, and how many there are besides.
struct Told {
    routes: Vec<ServedRoute>,
    unlisted: usize,
}

fn told(gateway: &Gateway, asked: &Asked) -> Told {
    let mut told = Vec::new();
    let at = ([127, 0, 0, 1], 15443).into();
    let unlisted = routes(gateway, asked, at, &mut |route| told.push(route));
    Told {
        routes: told,
        unlisted,
    }
}

#[test]
fn a_name_is_told_apart_by_how_it_is_exported() {
    let gateway = asked("'*.db.pxc.svc.cluster.local', db-0.db.pxc.svc.cluster.local");
    let told = told(&gateway, &Asked::default()).routes;
    let listing = |sni| {
        told.iter()
            .find(|route| route.name == sni)
            .map(|route| route.listing)
    };
    assert_eq!(listing(NAMED), Some(Listing::Named));
    assert_eq!(listing(BY_PATTERN), Some(Listing::ByPattern));
    assert_eq!(listing(ELSEWHERE), Some(Listing::Withdrawn));
}

#[test]
fn a_host_beyond_those_that_are_told_is_found_by_its_name() {
    let hosts: Vec<_> = (0..5 * UNASKED)
        .map(|n| format!("db-{n}.many.pxc.svc.cluster.local"))
        .collect();
    let gateway = asked(&hosts.join(", "));
    let all = told(&gateway, &Asked::default());
    let last = "db-999.many.pxc.svc.cluster.local";
    assert!(all.routes.iter().all(|route| route.name != last));
    assert_eq!(all.unlisted, 4 * UNASKED);
    let found = told(&gateway, &Asked::of(last));
    assert!(found.routes.iter().any(|route| route.name == last));
    assert_eq!(found.unlisted, 0);
}

#[test]
fn a_client_makes_no_routes_by_thinking_of_ports_and_subsets() {
    let gateway = asked("db-0.db.pxc.svc.cluster.local");
    let before = told(&gateway, &Asked::default()).routes.len();
    let sni = |n| format!("outbound_.{n}_.v{n}_.db-0.db.pxc.svc.cluster.local");
    let guards: Vec<_> = (1..=100).map(|n| comes_by(&gateway, &sni(n))).collect();
    let routes = told(&gateway, &Asked::default()).routes;
    assert_eq!(routes.len(), before);
    let tally = gateway.connections.tally(Direction::Passthrough, NAMED);
    assert_eq!(tally.unwrap().carried().opened, 101);
    // What it was called by whom stays known.
    assert_eq!(guards[6].record().route.as_deref(), Some(&*sni(7)));
}

#[tokio::test(start_paused = true)]
async fn a_host_of_which_a_made_up_name_is_forgotten_is_told_at_once() {
    let gateway = asked("'*.db.pxc.svc.cluster.local'");
    for sni in [NAMED, BY_PATTERN] {
        comes_by(&gateway, sni).end(&Ended {
            reason: "dial_timeout",
            error: None,
            weight: Weight::Failure,
        });
    }
    let pattern = || {
        let routes = told(&gateway, &Asked::default()).routes;
        let is_it = |route: &ServedRoute| route.name == "*.db.pxc.svc.cluster.local";
        routes.iter().any(is_it)
    };
    assert!(!pattern());
    // Nobody has looked since, so that what was counted of the names is there yet.
    tokio::time::advance(Duration::from_secs(15 * 60)).await;
    assert_eq!(gateway.connections.tallies(Direction::Passthrough).len(), 3);
    assert!(pattern());
}

#[test]
fn a_route_whose_host_has_other_ports_now_lives_as_long_as_its_connections() {
    let gateway = asked("db-0.db.pxc.svc.cluster.local");
    let before = "outbound_.3306_._.db-0.db.pxc.svc.cluster.local";
    let guard = gateway.connections.open(ConnectionInfo {
        direction: Direction::Passthrough,
        peer: ([127, 0, 0, 1], 40_000).into(),
        bytes: ByteCounts::default(),
    });
    guard.set_route(before, before);
    let told = told(&gateway, &Asked::default()).routes;
    let route = told.iter().find(|route| route.name == before).unwrap();
    assert_eq!(
        (route.listing, &route.fitness),
        (Listing::Withdrawn, &Fitness::Whole)
    );
}
