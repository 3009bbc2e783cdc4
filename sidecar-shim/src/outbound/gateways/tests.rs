use std::num::NonZeroU8;

use eastwest_mesh::{Capture, Options, OutlierDetection, Source, load};
use proptest::prelude::*;

use super::*;

/// One alias for each list of gateways, each an address in 10.0.0.0/24.
fn routes(lists: &[Vec<u8>]) -> Vec<Route> {
    let entry = |(i, list): (usize, &Vec<u8>)| {
        let endpoints: String = list
            .iter()
            .map(|last| format!("  - {{address: 10.0.0.{last}, ports: {{mysql: 15443}}}}\n"))
            .collect();
        let text = format!(
            "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
             metadata: {{name: src-db-{i}, namespace: pxc}}\n\
             spec:\n  hosts: [src-db-{i}.pxc.svc.cluster.local]\n  location: MESH_INTERNAL\n  \
             ports: [{{number: 3306, name: mysql, protocol: TCP}}]\n  resolution: STATIC\n  \
             endpoints:\n{endpoints}"
        );
        let name = format!("{i}.yaml");
        Source { name, text }
    };
    let sources: Vec<_> = lists.iter().enumerate().map(entry).collect();
    let options = Options {
        cluster_domain: "cluster.local".parse().unwrap(),
        capture: Capture::Vip,
    };
    let routes = load(&sources, &options).routes;
    assert_eq!(routes.len(), lists.len());
    routes
}

fn following(routes: &[Route]) -> Gateways {
    let gateways = Gateways::new(None);
    gateways.follow(routes);
    gateways
}

impl Gateways {
    fn fail(&self, endpoint: &GatewayEndpoint) -> bool {
        self.failed(endpoint, Reason::DialRefused, "refused".to_owned())
            .0
    }

    fn ejected(&self, route: &Route) -> Vec<bool> {
        let state = self.lock();
        let places = route.gateways.iter().map(place);
        places.map(|place| state.is_ejected(&place)).collect()
    }
}

#[test]
fn what_one_route_learns_holds_for_the_others() {
    let routes = routes(&[vec![1, 2], vec![3, 1]]);
    let gateways = following(&routes);
    assert!(gateways.fail(&routes[0].gateways[0]));
    let first = |route: &Route| gateways.order(route)[0].to_string();
    assert_eq!(first(&routes[0]), "10.0.0.2:15443");
    assert_eq!(first(&routes[1]), "10.0.0.3:15443");
    gateways.answered(&routes[1].gateways[1]);
    assert_eq!(first(&routes[0]), "10.0.0.1:15443");
}

#[test]
fn the_only_gateway_of_a_route_is_neither_ejected_nor_attended_to() {
    let routes = routes(&[vec![1]]);
    let gateways = following(&routes);
    assert!(!gateways.fail(&routes[0].gateways[0]));
    assert_eq!(gateways.doubted(&routes[0].gateways[0]), Attend(false));
    assert_eq!(gateways.ejected(&routes[0]), [false]);
}

#[test]
fn one_task_attends_to_a_gateway_until_it_answers() {
    let routes = routes(&[vec![1, 2]]);
    let gateways = following(&routes);
    let gateway = &routes[0].gateways[0];
    assert!(gateways.fail(gateway), "the first has to begin");
    assert!(!gateways.fail(gateway), "somebody does");
    assert!(gateways.next_probe(gateway).is_some());
    gateways.answered(gateway);
    assert_eq!(gateways.next_probe(gateway), None);
    assert!(gateways.fail(gateway), "nobody does any more");
}

#[test]
fn no_more_are_out_than_the_rule_says_but_one_may_be() {
    let mut routes = routes(&[vec![1, 2, 3, 4]]);
    for (percent, most) in [(10, 1), (49, 1), (50, 2), (100, 3)] {
        routes[0].outlier_detection = Some(OutlierDetection {
            max_ejection_percent: NonZeroU8::new(percent).unwrap(),
            ..USUAL
        });
        let gateways = following(&routes);
        for gateway in &routes[0].gateways {
            gateways.fail(gateway);
        }
        let out = gateways
            .ejected(&routes[0])
            .iter()
            .filter(|out| **out)
            .count();
        assert_eq!(out, most, "{percent} %");
    }
}

#[test]
fn a_rule_that_ejects_for_no_number_of_failures_is_heeded() {
    let mut routes = routes(&[vec![1, 2]]);
    routes[0].outlier_detection = Some(OutlierDetection {
        consecutive_failures: None,
        ..USUAL
    });
    let gateways = following(&routes);
    for _ in 0..20 {
        assert!(!gateways.fail(&routes[0].gateways[0]));
    }
    assert_eq!(gateways.ejected(&routes[0]), [false, false]);
}

#[test]
fn what_is_known_outlives_a_reload_of_the_manifests_and_what_is_gone_is_forgotten() {
    let before = routes(&[vec![1, 2]]);
    let gateways = following(&before);
    gateways.fail(&before[0].gateways[0]);
    let gone = before[0].gateways[1].clone();
    let after = routes(&[vec![1, 3]]);
    gateways.follow(&after);
    assert_eq!(gateways.ejected(&after[0]), [true, false]);
    assert_eq!(gateways.next_probe(&gone), None);
    assert!(!gateways.fail(&gone));
}

#[test]
fn routes_are_shown_with_the_health_of_their_gateways() {
    let routes = routes(&[vec![1, 2]]);
    let gateways = following(&routes);
    gateways.fail(&routes[0].gateways[0]);
    let shown = gateways.shown(&routes[0]);
    let health = |i: usize| &shown["gateways"][i]["health"];
    assert_eq!(health(0)["standing"], "ejected");
    assert_eq!(health(0)["last_failure"], "refused");
    assert!(health(0)["out_for_seconds"].as_f64().unwrap() > 9.0);
    assert_eq!(health(1)["standing"], "good");
    assert_eq!(shown["gateways"][0]["address"], "10.0.0.1");
}

proptest! {
    #[test]
    fn whatever_happens_no_route_loses_its_last_gateway_and_each_tries_all(
        lists in prop::collection::vec(prop::collection::vec(1_u8..6, 1..4), 1..4),
        events in prop::collection::vec((1_u8..6, 0_u8..4), 0..60),
    ) {
        let lists: Vec<Vec<u8>> = lists
            .into_iter()
            .map(|mut list| { list.sort_unstable(); list.dedup(); list })
            .collect();
        let routes = routes(&lists);
        let gateways = following(&routes);
        for (last, event) in events {
            let at = format!("10.0.0.{last}:15443");
            let all = routes.iter().flat_map(|route| &route.gateways);
            let Some(gateway) = all.into_iter().find(|one| one.to_string() == at) else { continue };
            match event {
                0 => gateways.answered(gateway),
                1 => _ = gateways.doubted(gateway),
                _ => _ = gateways.fail(gateway),
            }
            // Where there is one gateway, its being ejected for another route means nothing.
            for route in routes.iter().filter(|route| route.gateways.len() > 1) {
                let ejected = gateways.ejected(route);
                prop_assert!(ejected.contains(&false), "{lists:?}: {ejected:?}");
                let tried = gateways.order(route);
                prop_assert_eq!(tried.len(), route.gateways.len());
                prop_assert!(!gateways.lock().is_ejected(&place(tried[0])));
            }
        }
    }
}

#[test]
fn it_is_known_when_a_gateway_was_seen_to_answer_or_to_fail() {
    let routes = routes(&[vec![1]]);
    let gateways = following(&routes);
    let gateway = &routes[0].gateways[0];
    let told = || {
        let told = gateways.endpoints(&routes[0]).remove(0);
        (told.state, told.seen)
    };
    assert_eq!(told(), (Some(EndpointState::Unknown), None));
    let begun = Instant::now();
    gateways.fail(gateway);
    let (state, failed) = told();
    assert_eq!(state, Some(EndpointState::Down));
    assert!(failed >= Some(begun));
    gateways.answered(gateway);
    let (state, answered) = told();
    assert_eq!(state, Some(EndpointState::Up));
    assert!(answered >= failed);
}
