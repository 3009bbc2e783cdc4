//! That the page says no more than it has been told: what is left out, what is a part, what is no rate.

use eastwest_e2e::browser::Browser;
use serde_json::{Value, json};

use super::given::{HEALTHY, open, parsed, served, text};
use super::{LIGHT, assert_clean, row};

const SILENCE: &str = "document.getElementById('silence')";

#[test]
fn an_answer_that_cannot_be_drawn_is_no_silence() {
    let (_clusters, mut browser) = served();
    let mut bare = parsed(HEALTHY);
    for route in bare["routes"].as_array_mut().unwrap() {
        route.as_object_mut().unwrap().remove("endpoints");
    }
    open(&mut browser, LIGHT, &bare.to_string());
    assert_eq!(
        browser.eval(&format!("{SILENCE}.hidden")).unwrap(),
        true,
        "{}",
        text(&mut browser, "#silence")
    );
    assert!(text(&mut browser, "#paths svg").contains("src-db-pxc-0"));

    let mut odd = parsed(HEALTHY);
    odd["routes"] = json!([null]);
    for (answer, cause) in [(odd.to_string(), "null"), ("{".to_owned(), "JSON")] {
        browser.answer(Some(&answer)).unwrap();
        browser
            .wait(&format!(
                "!{SILENCE}.hidden && document.title.startsWith('Not drawn')"
            ))
            .unwrap();
        let said = text(&mut browser, "#silence");
        assert!(
            said.starts_with("This page cannot draw what the process says: "),
            "{said}"
        );
        assert!(said.contains(cause), "{said}");
        assert!(said.contains("what it last said, at 2026-11-26"), "{said}");
        let age = text(&mut browser, "#age");
        assert!(age.starts_with("not drawn, "), "{age}");
        browser.answer(Some(HEALTHY)).unwrap();
        browser.wait(&format!("{SILENCE}.hidden")).unwrap();
    }
    assert_clean(&mut browser);
}

#[test]
fn each_certificate_is_there_and_nobody_is_not_anyone() {
    let (_clusters, mut browser) = served();
    let mut status = parsed(HEALTHY);
    let mut next = status["certificates"][1].clone();
    next["not_after"] = json!("2046-01-01T00:00:00Z");
    let certificates = status["certificates"].as_array_mut().unwrap();
    certificates.extend([next.clone(), next]);
    for route in status["routes"].as_array_mut().unwrap() {
        route["identities"] = json!([]);
    }
    open(&mut browser, LIGHT, &status.to_string());
    let list = "document.querySelectorAll('#certificates li').length";
    assert_eq!(browser.eval(list).unwrap(), 4);
    let told = text(&mut browser, "#certificates");
    for year in ["2036-01-01", "2046-01-01"] {
        assert!(told.contains(year), "{told}");
    }

    for (route, wanted) in [
        ("src-db-pxc-0", "who may be thereanyone of the trust domain"),
        ("up3306", "who may callnobody"),
    ] {
        let row = row("routes", route);
        browser
            .eval(&format!("{row}.querySelector('button.open').click()"))
            .unwrap();
        let details = browser
            .eval(&format!("{row}.nextElementSibling.textContent"))
            .unwrap();
        let details = details.as_str().unwrap();
        assert!(details.contains(wanted), "{details}");
    }
    assert_clean(&mut browser);
}

#[test]
fn a_part_of_the_connections_is_said_to_be_one() {
    let (_clusters, mut browser) = served();
    let mut status = parsed(HEALTHY);
    open(&mut browser, LIGHT, &status.to_string());
    let pictured = text(&mut browser, "#paths svg");
    assert!(pictured.contains("✓ up · 2 open"), "{pictured}");
    assert!(!pictured.contains("newest"), "{pictured}");

    status["connections"]["open"] = json!(900);
    open(&mut browser, LIGHT, &status.to_string());
    let pictured = text(&mut browser, "#paths svg");
    assert!(pictured.contains("✓ up · 2 of newest 4"), "{pictured}");

    // All that goes to the first gateway is counted by the routes: none has another.
    for route in status["routes"].as_array_mut().unwrap() {
        route["endpoints"].as_array_mut().unwrap().truncate(1);
    }
    status["routes"][0]["open"] = json!(700);
    open(&mut browser, LIGHT, &status.to_string());
    let pictured = text(&mut browser, "#paths svg");
    assert!(pictured.contains("✓ up · 701 open"), "{pictured}");
    assert!(!pictured.contains("newest"), "{pictured}");
    assert_clean(&mut browser);
}

/// What a process says that has been up for so long, at this second of the minute after noon.
fn counted(second: u32, uptime: u32, bytes: u32) -> String {
    let mut status = parsed(HEALTHY);
    status["now"] = json!(format!(
        "2026-11-26T12:{:02}:{:02}Z",
        second / 60,
        second % 60
    ));
    status["uptime_seconds"] = json!(uptime);
    status["totals"]["bytes_to_upstream"] = json!(bytes);
    status["routes"][0]["bytes_to_upstream"] = json!(bytes);
    status.to_string()
}

/// Has the page draw an answer, and gives the rates of the process and of the first route, and the curve.
fn rates(browser: &mut Browser, answer: &str) -> Value {
    let route = row("routes", "src-db-pxc-0");
    browser
        .eval(&format!(
            "(() => {{ const status = understood({}); rateAll(status); draw(status); \
             return [document.querySelectorAll('#figures dd.big')[2].textContent, \
             {route}.querySelectorAll('td.number')[1].firstChild.textContent, \
             document.querySelector('#figures .spark path').getAttribute('d').replace(/[^ML]/g, '')]; }})()",
            json!(answer)
        ))
        .unwrap()
}

#[test]
fn a_rate_is_of_one_process_and_of_now() {
    let (_clusters, mut browser) = served();
    open(&mut browser, LIGHT, &counted(0, 10, 0));
    // It does not ask by itself from here on: how long this test takes changes nothing.
    let pause = "document.getElementById('pause').click()";
    browser.eval(pause).unwrap();
    browser.wait("!live.asking").unwrap();
    for (second, uptime, bytes, wanted) in [
        (10, 20, 50_000, json!(["5.0 kB/s", "5.0 kB/s", "M"])),
        (12, 22, 70_000, json!(["10.0 kB/s", "10.0 kB/s", "ML"])),
        // Nobody has looked for a while: what has moved since is no rate of now, and the curve is broken.
        (52, 62, 500_000, json!(["–", "–", "ML"])),
        (54, 64, 502_000, json!(["1.0 kB/s", "1.0 kB/s", "MLM"])),
        // Another process of the same number, up for longer than the first was: its start tells.
        (100, 90, 900_000, json!(["–", "–", ""])),
        (110, 100, 920_000, json!(["2.0 kB/s", "2.0 kB/s", "M"])),
    ] {
        let answer = counted(second, uptime, bytes);
        assert_eq!(
            rates(&mut browser, &answer),
            wanted,
            "{second} s after noon"
        );
    }
    assert_clean(&mut browser);
}
