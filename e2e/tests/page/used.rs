//! Whether the page can be used: with very much on it, with a keyboard, by who wants no movement.

use serde_json::{Value, json};

use super::given::{BROKEN, HEALTHY, open, parsed, served, text};
use super::{LIGHT, assert_accessible, assert_clean, row};

/// A gateway's status with as much as there can be in it.
fn big() -> Value {
    let mut status = parsed(HEALTHY);
    let template = status["routes"][0].clone();
    let connection = status["connections"]["rows"][0].clone();
    let name = |at: usize| {
        format!(
            "outbound_.3306_._.db-{at}.db.shop-{}.svc.cluster.local",
            at % 40
        )
    };
    let route = |at: usize| {
        let mut route = template.clone();
        let (state, reason) = match at {
            ..7 => ("down", json!("the pod refused the connection")),
            7..400 => ("up", Value::Null),
            _ => ("unknown", Value::Null),
        };
        route["name"] = json!(name(at));
        route["direction"] = json!("passthrough");
        route["state"] = json!(state);
        route["reason"] = reason;
        route["endpoints"] = json!([{"address": format!("10.71.{}.{}:15444", at / 250, at % 250), "state": state, "reason": null, "locality": null}]);
        route
    };
    let open = |at: usize| {
        let mut row = connection.clone();
        row["id"] = json!(at);
        row["direction"] = json!("passthrough");
        row["peer"] = json!(format!("198.51.100.{}:{}", at % 23, 30000 + at));
        row["route"] = json!(name(7 + at));
        row["identity"] = Value::Null;
        row
    };
    status["routes"] = (0..1000).map(route).collect();
    status["routes_total"] = json!(4210);
    status["connections"] =
        json!({"open": 5120, "shown": 200, "rows": (0..200).map(open).collect::<Vec<_>>()});
    status
}

#[test]
fn a_thousand_routes_and_two_hundred_connections_can_be_used() {
    let (_clusters, mut browser) = served();
    open(&mut browser, LIGHT, &big().to_string());
    let rows = |section: &str| format!("document.querySelectorAll('#{section} tr.row').length");
    assert_eq!(browser.eval(&rows("routes")).unwrap(), 50);
    assert_eq!(
        text(&mut browser, "#routes-count"),
        "1,000 of 4,210, the worst"
    );
    assert!(text(&mut browser, "#connections-count").starts_with("5,120"));
    assert!(text(&mut browser, "#paths svg").contains("993 more routes"));
    assert!(text(&mut browser, "#legend").contains("200 of 5,120"));
    assert_accessible(&mut browser, "a thousand routes");

    browser.fill("#routes-find", "db-77.db shop-37").unwrap();
    browser.wait(&format!("{} === 1", rows("routes"))).unwrap();
    browser.fill("#routes-find", "").unwrap();
    let only_down = "(() => { const select = document.getElementById('routes-state'); \
         select.value = 'down'; select.dispatchEvent(new Event('change')); })()";
    browser.eval(only_down).unwrap();
    browser.wait(&format!("{} === 7", rows("routes"))).unwrap();
    browser.eval(&only_down.replace("'down'", "''")).unwrap();
    for section in ["routes", "connections"] {
        let all = format!("document.querySelector('#{section} .foot button').click()");
        browser.eval(&all).unwrap();
    }
    browser
        .wait(&format!("{} === 1000", rows("routes")))
        .unwrap();
    assert_eq!(browser.eval(&rows("connections")).unwrap(), 200);
    assert_clean(&mut browser);
}

#[test]
fn it_can_be_used_with_a_keyboard_and_stands_still_for_who_wants_that() {
    let (_clusters, mut browser) = served();
    open(&mut browser, LIGHT, HEALTHY);
    let focus = "document.activeElement.textContent";
    browser.press("Tab").unwrap();
    assert_eq!(browser.eval(focus).unwrap(), "Skip to the routes");
    browser.press("Enter").unwrap();
    let alias = "src-db-pxc-0.pxc.svc.cluster.local:3306";
    for _ in 0..12 {
        browser.press("Tab").unwrap();
        if browser.eval(focus).unwrap() == alias {
            break;
        }
    }
    assert_eq!(browser.eval(focus).unwrap(), alias);
    browser.press("Enter").unwrap();
    let expanded = "document.activeElement.getAttribute('aria-expanded')";
    assert_eq!(browser.eval(expanded).unwrap(), "true");
    assert!(text(&mut browser, "#routes tr.more").contains("service-entries.yaml:1"));
    assert_accessible(&mut browser, "a route in full");
    // What is drawn anew, in another order, leaves the focus where it is.
    let mut broken = parsed(BROKEN);
    broken["routes"].as_array_mut().unwrap().reverse();
    browser.answer(Some(&broken.to_string())).unwrap();
    let drawn = format!("{}?.classList.contains('warn')", row("routes", alias));
    browser.wait(&drawn).unwrap();
    assert_eq!(browser.eval(focus).unwrap(), alias);

    let moves = "[...document.querySelectorAll('.drops')].some((drops) => getComputedStyle(drops).animationName !== 'none')";
    assert_eq!(browser.eval(moves).unwrap(), true);
    browser.reduce_motion().unwrap();
    assert_eq!(browser.eval(moves).unwrap(), false);

    browser
        .eval("document.getElementById('pause').focus()")
        .unwrap();
    browser.press("Space").unwrap();
    assert_eq!(
        browser
            .eval("document.activeElement.getAttribute('aria-pressed')")
            .unwrap(),
        "true"
    );
    browser
        .wait("/^paused, ([3-9]|[1-9]\\d+) s old/.test(document.getElementById('age').textContent)")
        .unwrap();
    assert_clean(&mut browser);
}
