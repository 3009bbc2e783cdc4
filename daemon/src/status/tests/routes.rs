//! What is told of routes.

use std::sync::atomic::AtomicUsize;

use super::*;

#[test]
fn a_route_counts_what_has_come_over_it() {
    let context = with(vec![gateway(EndpointState::Up)]);
    let route = told(&context)["routes"][0].take();
    assert_eq!(
        (&route["state"], &route["last"]),
        (&json!("unknown"), &json!(null))
    );
    let bytes = ByteCounts::default();
    let guard = open(&context, &bytes);
    guard.relays(&Talk::default());
    bytes[0].store(7, Ordering::Relaxed);
    bytes[1].store(9, Ordering::Relaxed);
    let live = told(&context);
    let route = &live["routes"][0];
    assert_eq!(
        (&route["state"], &route["reason"]),
        (&json!("up"), &json!(null))
    );
    assert_eq!((&route["open"], &route["opened"]), (&json!(1), &json!(1)));
    assert_eq!(
        (&route["bytes_to_upstream"], &route["bytes_to_peer"]),
        (&json!(7), &json!(9))
    );
    assert_eq!(route["last"]["outcome"], "made");
    assert_eq!(live["connections"]["rows"][0]["route"], NAME);
    bytes[1].store(19, Ordering::Relaxed);
    drop(guard);
    let over = told(&context);
    let route = &over["routes"][0];
    assert_eq!((&route["open"], &route["opened"]), (&json!(0), &json!(1)));
    assert_eq!(route["bytes_to_peer"], 19);
    assert_eq!(
        over["totals"],
        json!({ "opened": 1, "closed": 1, "uncounted": 0, "bytes_to_upstream": 7, "bytes_to_peer": 19 })
    );
}

#[test]
fn a_route_whose_last_connection_came_to_nothing_is_down_and_says_why() {
    let context = with(vec![gateway(EndpointState::Down)]);
    open(&context, &ByteCounts::default()).end(&failure("dial_refused"));
    let route = told(&context)["routes"][0].take();
    assert_eq!(
        (&route["state"], &route["reason"]),
        (
            &json!("down"),
            &json!("gateway 10.0.0.1:15443: connection refused")
        )
    );
    assert_eq!(
        (&route["failed"], &route["last"]["code"]),
        (&json!(1), &json!("dial_refused"))
    );
    // The next one that is answered says more.
    let bytes = ByteCounts::default();
    let guard = open(&context, &bytes);
    guard.relays(&Talk::default());
    bytes[1].store(1, Ordering::Relaxed);
    assert_eq!(told(&context)["routes"][0]["state"], "degraded");
    // What is open goes on, whatever comes of new ones.
    open(&context, &ByteCounts::default()).end(&failure("dial_refused"));
    let route = told(&context)["routes"][0].take();
    assert_eq!(route["state"], "degraded");
    let reason = route["reason"].as_str().unwrap();
    let at = route["last"]["at"].as_str().unwrap();
    assert!(
        reason.starts_with(&format!("a new connection came to nothing at {at}: ")),
        "{reason}"
    );
}

#[test]
fn a_far_end_that_breaks_off_at_once_is_a_failure_and_one_that_has_spoken_is_not() {
    for code in ["upstream_reset", "refused_by_peer"] {
        for (said, state) in [(0, "down"), (1, "up")] {
            let context = with(vec![gateway(EndpointState::Up)]);
            let bytes = ByteCounts::default();
            let guard = open(&context, &bytes);
            guard.relays(&Talk::default());
            bytes[1].store(said, Ordering::Relaxed);
            guard.end(&failure(code));
            assert_eq!(told(&context)["routes"][0]["state"], state, "{code} {said}");
        }
    }
}

#[test]
fn what_is_this_process_own_doing_is_no_fault_of_the_route() {
    let context = with(Vec::new());
    open(&context, &ByteCounts::default()).end(&failure("drained"));
    let full = Ended {
        weight: Weight::Noise,
        ..failure("too_many_connections")
    };
    open(&context, &ByteCounts::default()).end(&full);
    assert_eq!(told(&context)["routes"][0]["state"], "unknown");
}

#[test]
fn a_route_is_degraded_where_only_some_of_its_gateways_do_well() {
    for (gateways, state) in [
        (vec![EndpointState::Up, EndpointState::Ejected], "degraded"),
        (
            vec![EndpointState::Ejected, EndpointState::Unresolved],
            "down",
        ),
        (vec![EndpointState::Unknown], "unknown"),
    ] {
        let endpoints = gateways.iter().map(|state| gateway(*state)).collect();
        let route = told(&with(endpoints))["routes"][0].take();
        assert_eq!(route["state"], state);
        assert_eq!(route["reason"].is_null(), state == "unknown");
    }
}

#[test]
fn a_place_that_only_connections_know_is_judged_by_the_last_one() {
    let pod = RouteEndpoint {
        address: "db-pxc-0.db-pxc.pxc.svc.cluster.local:15444".to_owned(),
        state: None,
        reason: None,
        seen: None,
        locality: None,
    };
    let context = with(vec![pod]);
    let state = || told(&context)["routes"][0]["endpoints"][0]["state"].take();
    assert_eq!(state(), "unknown");
    open(&context, &ByteCounts::default()).end(&failure("name_not_found"));
    assert_eq!(state(), "unresolved");
    open(&context, &ByteCounts::default()).end(&failure("dial_timeout"));
    assert_eq!(state(), "down");
    let bytes = ByteCounts::default();
    let live = open(&context, &bytes);
    live.relays(&Talk::default());
    bytes[1].store(1, Ordering::Relaxed);
    assert_eq!(state(), "up");
}

#[test]
fn of_too_many_routes_the_worst_and_the_most_used_are_told() {
    let context = Context::new();
    context.status.has_routes(|_, take| {
        let route = |n: usize| ServedRoute {
            name: format!("route-{n}"),
            fitness: match n {
                1999 => Fitness::Down("its port is taken".to_owned()),
                _ => Fitness::Whole,
            },
            ..served(Vec::new())
        };
        (0..2000).map(route).for_each(take);
        5
    });
    let guard = context.connections.open(ConnectionInfo {
        direction: Direction::Outbound,
        peer: SocketAddr::from(([127, 0, 0, 1], 1)),
        bytes: ByteCounts::default(),
    });
    guard.set_route("route-1500", "route-1500");
    let told = told(&context);
    let names: Vec<_> = told["routes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["name"].clone())
        .collect();
    assert_eq!((names.len(), &told["routes_total"]), (1000, &json!(2005)));
    assert_eq!(names[0], "route-1999");
    assert!(names.contains(&json!("route-1500")));
}

#[test]
fn a_host_that_nobody_has_asked_for_has_no_counts_of_its_namesake() {
    let context = Context::new();
    let named = |sni: Option<&str>| ServedRoute {
        direction: Direction::Passthrough,
        sni: sni.map(str::to_owned),
        ..served(Vec::new())
    };
    has(&context, move || [named(Some(NAME)), named(None)]);
    let bytes = ByteCounts::default();
    let guard = context.connections.open(ConnectionInfo {
        direction: Direction::Passthrough,
        peer: ([127, 0, 0, 1], 40_000).into(),
        bytes: Arc::clone(&bytes),
    });
    guard.set_route(NAME, NAME);
    guard.relays(&Talk::default());
    bytes[1].store(1, Ordering::Relaxed);
    let told = told(&context);
    let counted = told["routes"].as_array().unwrap().iter();
    let counted: Vec<_> = counted
        .map(|route| {
            (
                route["sni"].is_string(),
                route["state"].clone(),
                route["opened"].clone(),
            )
        })
        .collect();
    assert_eq!(
        counted,
        [
            (true, json!("up"), json!(1)),
            (false, json!("unknown"), json!(0))
        ]
    );
}

#[test]
fn names_that_somebody_makes_up_push_no_route_that_works_out_of_the_answer() {
    let context = Context::new();
    has(&context, || {
        let made_up = (0..1500).map(|n| ServedRoute {
            name: format!("made-up-{n}"),
            fitness: Fitness::Down("no such pod".to_owned()),
            ..served(Vec::new())
        });
        made_up.chain([served(Vec::new())])
    });
    let bytes = ByteCounts::default();
    let guard = open(&context, &bytes);
    guard.relays(&Talk::default());
    bytes[1].store(1, Ordering::Relaxed);
    let told = told(&context);
    let routes = told["routes"].as_array().unwrap();
    assert_eq!((routes.len(), &told["routes_total"]), (1000, &json!(1501)));
    let last = &routes[999];
    assert_eq!(
        (&last["name"], &last["state"]),
        (&json!(NAME), &json!("up"))
    );
}

#[test]
fn routes_that_are_not_told_are_not_explained() {
    let explained = Arc::new(AtomicUsize::new(0));
    let context = Context::new();
    let count = Arc::clone(&explained);
    has(&context, move || {
        let count = Arc::clone(&count);
        let route = move |n: usize| ServedRoute {
            name: format!("route-{n}"),
            explain: {
                let count = Arc::clone(&count);
                Explain::by(move || {
                    count.fetch_add(1, Ordering::Relaxed);
                    vec!["it is written".to_owned()]
                })
            },
            ..served(Vec::new())
        };
        (0..1500).map(route)
    });
    assert!(by_state(&context).is_some());
    assert_eq!(explained.load(Ordering::Relaxed), 0);
    assert_eq!(
        told(&context)["routes"][999]["explain"],
        json!(["it is written"])
    );
    assert_eq!(explained.load(Ordering::Relaxed), 1000);
}

#[test]
fn no_more_routes_are_held_than_may_be_told() {
    let context = Context::new();
    let (alive, most) = (Arc::new(()), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    has(&context, move || {
        let (alive, seen) = (Arc::clone(&alive), Arc::clone(&seen));
        (0..10_000).map(move |n| {
            let one = Arc::clone(&alive);
            // The two of this test are no routes.
            seen.fetch_max(Arc::strong_count(&alive) - 2, Ordering::Relaxed);
            ServedRoute {
                name: format!("route-{n}"),
                explain: Explain::by(move || vec![format!("{one:?}")]),
                ..served(Vec::new())
            }
        })
    });
    assert!(by_state(&context).is_some());
    assert_eq!(most.load(Ordering::Relaxed), 1);
    let told = told(&context);
    assert_eq!(told["routes_total"], 10_000);
    let held = most.load(Ordering::Relaxed);
    assert!((1000..=2001).contains(&held), "{held}");
}
