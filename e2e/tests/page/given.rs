//! What the page makes of statuses that are given to it, in place of the server's own.

use eastwest::clusters::Layout;
use eastwest_e2e::CountedClusters;
use eastwest_e2e::browser::{Browser, Look};
use serde_json::{Value, json};

use super::{ADMIN, DARK, DARK_PHONE, LIGHT, PHONE, assert_accessible, assert_clean};

pub(super) const HEALTHY: &str = include_str!("fixtures/healthy.json");
pub(super) const BROKEN: &str = include_str!("fixtures/broken.json");

pub(super) fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A server that has the page, and a browser on its host.
pub(super) fn served() -> (CountedClusters, Browser) {
    let mut clusters = CountedClusters::prepare(Layout::Stage).unwrap();
    clusters.start_dns().unwrap();
    clusters.start_gateway().unwrap();
    let browser = Browser::start(&*clusters.host("gateway").unwrap()).unwrap();
    (clusters, browser)
}

pub(super) fn open(browser: &mut Browser, look: Look, status: &str) {
    browser.open_with(ADMIN, look, Some(status)).unwrap();
    browser
        .wait("document.querySelectorAll('#routes tr.row').length > 0")
        .unwrap();
}

pub(super) fn text(browser: &mut Browser, what: &str) -> String {
    let text = browser.eval(&format!("document.querySelector('{what}').textContent"));
    text.unwrap().as_str().unwrap().to_owned()
}

#[test]
fn the_page_says_what_is_wrong_and_is_quiet_when_nothing_is() {
    let (_clusters, mut browser) = served();
    for look in [LIGHT, DARK_PHONE] {
        open(&mut browser, look, HEALTHY);
        assert_eq!(text(&mut browser, "#state"), "ready");
        let loud = "document.querySelectorAll('.notice:not([hidden]):not([hidden] *), tr.bad, tr.warn').length";
        assert_eq!(browser.eval(loud).unwrap(), 0);
        assert_accessible(&mut browser, "all is well");
        assert_clean(&mut browser);
    }
    for look in [LIGHT, DARK, PHONE] {
        open(&mut browser, look, BROKEN);
        assert_eq!(text(&mut browser, "#state"), "not ready");
        let notices = text(&mut browser, "#notices-list");
        for said in [
            "cert-chain.pem expired on 2026-11-26T11:00:00Z",
            "destination-rules.yaml:9:3: error[EW005]",
            "service-entries.yaml:14:7: ports[0].number is 70000",
            "it ended an hour ago",
        ] {
            assert!(notices.contains(said), "{said} in {notices}");
        }
        let first = text(&mut browser, "#routes tr.row");
        assert!(first.starts_with("down"), "{first}");
        assert!(first.contains("does not export the server name"), "{first}");
        let pictured = text(&mut browser, "#paths svg");
        assert!(pictured.contains("✕ ejected"), "{pictured}");
        assert_accessible(&mut browser, "what is broken");
        assert_clean(&mut browser);
    }

    // A resolver has names and no routes.
    let mut resolver = parsed(HEALTHY);
    resolver["routes"] = json!([]);
    resolver["connections"]["rows"] = json!([]);
    resolver["names"] = json!({
        "aliases": 12,
        "down": [{"alias": "src-db-0.pxc.svc.cluster.local", "reason": "its address is taken"}],
        "name_servers": [{"address": "10.96.0.10:53", "state": "silent"}],
    });
    browser
        .open_with(ADMIN, LIGHT, Some(&resolver.to_string()))
        .unwrap();
    browser
        .wait("document.querySelector('#paths svg')?.textContent.includes('12 aliases')")
        .unwrap();
    let pictured = text(&mut browser, "#paths svg");
    for said in [
        "src-db-0.pxc",
        "✕ its address is taken",
        "✕ other names: silent",
    ] {
        assert!(pictured.contains(said), "{said} in {pictured}");
    }
    assert_accessible(&mut browser, "a resolver");
    assert_clean(&mut browser);

    // Without the server, and with it again.
    browser.answer(Some(HEALTHY)).unwrap();
    browser.answer(None).unwrap();
    browser
        .wait(
            "!document.getElementById('silence').hidden && document.title.startsWith('No answer')",
        )
        .unwrap();
    browser.answer(Some(HEALTHY)).unwrap();
    browser
        .wait("document.getElementById('silence').hidden && document.title.startsWith('✓')")
        .unwrap();
    let mut other = parsed(HEALTHY);
    other["schema"] = json!(2);
    browser.answer(Some(&other.to_string())).unwrap();
    browser
        .wait("document.getElementById('silence').textContent.includes('schema 2')")
        .unwrap();
}

#[test]
fn whatever_a_name_holds_is_text() {
    let (_clusters, mut browser) = served();
    let hostile = [
        "<img src=x onerror=\"window.hit=1\">".to_owned(),
        "\"><script>window.hit=1</script><svg onload=window.hit=1>".to_owned(),
        "javascript:window.hit=1//' onmouseover='window.hit=1".to_owned(),
        "__proto__".to_owned(),
        "constructor".to_owned(),
        "\u{202e}\u{0}\u{feff}\n\t{{7*7}}${window.hit=1}".to_owned(),
        "x".repeat(4000),
    ];
    for look in [LIGHT, PHONE] {
        let mut status = parsed(BROKEN);
        let template = status["routes"][1].clone();
        let connection = status["connections"]["rows"][0].clone();
        let (mut routes, mut rows) = (Vec::new(), Vec::new());
        for (at, name) in hostile.iter().enumerate() {
            let mut route = template.clone();
            for field in ["name", "reason", "sni", "origin"] {
                route[field] = json!(name);
            }
            route["explain"] = json!([name]);
            route["listens"] = json!([name]);
            route["identities"] = json!([name]);
            route["endpoints"] =
                json!([{"address": name, "state": name, "reason": name, "locality": name}]);
            routes.push(route);
            let mut row = connection.clone();
            for field in [
                "route",
                "peer",
                "upstream",
                "identity",
                "state",
                "connection_id",
            ] {
                row[field] = json!(name);
            }
            row["id"] = json!(at);
            rows.push(row);
        }
        let odd = &hostile[1];
        status["routes"] = json!(routes);
        status["connections"]["rows"] = json!(rows);
        status["program"]["host"] = json!(odd);
        status["program"]["version"] = json!(odd);
        status["blocked"] = json!([{"name": odd, "reason": odd}]);
        status["listeners"] = json!([{"name": odd, "address": odd}]);
        status["reload"]["message"] = json!(odd);
        status["manifests"] = json!({"errors": [odd], "errors_total": 1});
        status["certificates"][0]["subject"] = json!(odd);
        open(&mut browser, look, &status.to_string());
        let open_all =
            "document.querySelectorAll('button.open').forEach((button) => button.click())";
        browser.eval(open_all).unwrap();
        let made = "[window.hit, document.querySelectorAll('img, main script, a[href^=\"javascript\"], svg[onload]').length]";
        assert_eq!(browser.eval(made).unwrap()[1], 0);
        assert_eq!(browser.eval("typeof window.hit").unwrap(), "undefined");
        for (section, count) in [("routes", hostile.len()), ("connections", hostile.len())] {
            let rows = format!("document.querySelectorAll('#{section} tr.row').length");
            assert_eq!(browser.eval(&rows).unwrap(), count, "{section}");
        }
        for section in ["#routes", "#connections", "#paths"] {
            let text = text(&mut browser, section);
            assert!(text.contains(&hostile[0]), "{section}: {text}");
        }
        assert_accessible(&mut browser, "hostile names");
        assert_clean(&mut browser);
    }
}
