//! `eastwest conns --history` on the path: the connections that are over.

use eastwest::clusters::{HELLO, SECRET};
use eastwest_e2e::hello;
use serde_json::Value;

use super::commands::eastwest;
use super::{alias_route, status_once};

#[test]
fn connections_that_are_over_are_listed_stage_by_stage() {
    let mut clusters = hello().unwrap();
    let pod = &HELLO[0];
    let visit = clusters.visit("b-app", &pod.alias(), pod.port).unwrap();
    assert!(visit.answer.is_some(), "{visit:?}");
    let refused = clusters.visit("b-app", &SECRET.alias(), SECRET.port);
    assert!(refused.unwrap().answer.is_none());
    status_once(&mut clusters, "b-app-shim", |told| {
        told["totals"]["closed"] == 2
    });
    let (code, out, err) = eastwest(&clusters, &["conns", "--history"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.starts_with("2 of 2 connections so far; "), "{out}");
    let row = |of: &str| {
        let row = out.lines().find(|line| line.contains(of)).unwrap();
        let cells = row.split("  ").map(str::trim);
        cells
            .filter(|cell| !cell.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let over = row(&alias_route());
    assert_eq!(over.last().unwrap(), "finished");
    let refused = row(&format!("{}:{}", SECRET.alias(), SECRET.port));
    assert_eq!(refused.last().unwrap(), "not_exported");
    // Looked up nowhere, as the gateway has an address; connected, and no byte of the app's came.
    assert_eq!((over[3].as_str(), refused[7].as_str()), ("-", "-"));
    assert!(over[4].parse::<f64>().is_ok(), "{over:?}");
    let limited = ["conns", "--history", "--limit", "1", "-o", "json"];
    let (_, out, _) = eastwest(&clusters, &limited);
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["timelines"].as_array().unwrap().len(), 1);
}
