use serde_json::json;

use super::*;

const NAMES: [&str; 4] = [
    "src-db-0.pxc.svc.cluster.local:3306",
    "src-db-0.pxc.svc.cluster.local:3307",
    "src-db-1.pxc.svc.cluster.local:3306",
    "outbound_.3306_._.db-2.db.pxc.svc.cluster.local",
];

/// What a server tells that has these routes and more.
fn told(names: &[&str], more: usize) -> Told {
    let route = |name: &&str| {
        json!({
            "name": name, "direction": "outbound", "state": "up", "reason": null, "listens": [],
            "endpoints": [], "identities": [], "explain": [],
        })
    };
    let whole = json!({
        "program": { "pid": 1 }, "now": "", "uptime_seconds": 1, "state": "ready", "blocked": [],
        "listeners": [], "certificates": [], "reload": { "outcome": "none" },
        "routes": names.iter().map(route).collect::<Vec<_>>(), "routes_total": names.len() + more,
        "connections": { "open": 0, "rows": [] },
        "totals": { "opened": 0, "bytes_to_upstream": 0, "bytes_to_peer": 0 },
    });
    let status = serde_json::from_value(whole.clone()).unwrap();
    Told { whole, status }
}

/// The names of the routes that are shown, or why there are none.
fn found(names: &[&str], all: &Told, narrow: impl Fn(&str) -> Told) -> Result<Vec<String>, String> {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let shown = chosen(&names, all, |name| Ok(narrow(name))).unwrap();
    let name = |(route, whole): Shown| {
        assert_eq!(whole["name"], route.name);
        route.name
    };
    shown
        .map(|shown| shown.into_iter().map(name).collect())
        .map_err(|error| error.to_string())
}

fn nobody_asks(_: &str) -> Told {
    panic!("all is known")
}

#[test]
fn a_route_is_found_by_its_name_its_alias_and_its_first_label() {
    let all = told(&NAMES, 0);
    let found_all = found(&[], &all, nobody_asks);
    let found = |name: &str| found(&[name], &all, nobody_asks);
    let at = |places: &[usize]| {
        Ok(places
            .iter()
            .map(|place| NAMES[*place].to_owned())
            .collect())
    };
    assert_eq!(found("src-db-0.pxc.svc.cluster.local:3307"), at(&[1]));
    assert_eq!(found("src-db-0.pxc.svc.cluster.local"), at(&[0, 1]));
    assert_eq!(found("SRC-DB-1"), at(&[2]));
    assert_eq!(found("db-2"), at(&[3]));
    assert_eq!(found("src-db-0:3307"), at(&[1]));
    assert_eq!(found("src-db-0.pxc:3306"), at(&[0]));
    assert_eq!(found("db-2:3306"), at(&[3]));
    assert!(found("db-2:3307").is_err());
    assert_eq!(found_all, at(&[0, 1, 2, 3]));
    assert_eq!(
        found("src-bd-1"),
        Err(
            "there is no route src-bd-1; did you mean src-db-1.pxc.svc.cluster.local:3306?"
                .to_owned()
        )
    );
    let elsewhere = found("payments").unwrap_err();
    assert!(elsewhere.contains("; there is src-db-0.pxc"), "{elsewhere}");
}

#[test]
fn no_part_of_a_label_is_a_route() {
    let all = told(&["src-db-10.pxc.svc.cluster.local:3306"], 0);
    assert!(found(&["src-db-1"], &all, nobody_asks).is_err());
}

#[test]
fn a_route_is_named_twice_and_shown_once() {
    let all = told(&NAMES, 0);
    let shown = found(&["src-db-0", NAMES[0]], &all, nobody_asks);
    assert_eq!(shown.unwrap().len(), 2);
}

#[test]
fn a_route_beyond_those_that_are_told_is_asked_for() {
    let all = told(&NAMES[..2], 2000);
    let narrow = |name: &str| {
        assert_eq!(name, "src-db-1");
        told(&["src-db-10.pxc.svc.cluster.local:3306", NAMES[2]], 0)
    };
    for name in ["src-db-1.", "src-db-1:3306", "src-db-1.:3306"] {
        assert_eq!(found(&[name], &all, narrow), Ok(vec![NAMES[2].to_owned()]));
    }
}

#[test]
fn of_a_route_that_is_not_told_it_is_not_said_that_there_is_none() {
    let all = told(&NAMES[..2], 2000);
    // As a server answers that knows no such question.
    let said = found(&["src-db-1"], &all, |_| told(&NAMES[..2], 2000)).unwrap_err();
    assert!(said.contains("2000 more are not told"), "{said}");
    let said = found(&["src-db-1"], &all, |_| told(&[], 0)).unwrap_err();
    assert!(
        said.starts_with("there is no route src-db-1; did you mean "),
        "{said}"
    );
}
