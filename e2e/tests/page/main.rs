//! The live page of the admin port in a real browser: Debian's Chromium, driven by Playwright, with axe-core.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod given;
mod live;
mod told;
mod used;

use eastwest_e2e::browser::{Browser, Look};

/// On each host of a stage.
const ADMIN: &str = "http://127.0.0.1:15000/";

const LIGHT: Look = look(false, 1280, 1170);
const DARK: Look = look(true, 1280, 1170);
const PHONE: Look = look(false, 360, 740);
const DARK_PHONE: Look = look(true, 360, 740);

const fn look(dark: bool, width: u32, height: u32) -> Look {
    Look {
        dark,
        width,
        height,
    }
}

/// JavaScript: the row of a table, of a section by its id, that has this text; `undefined` if none has.
fn row(section: &str, text: &str) -> String {
    format!(
        "[...document.querySelectorAll('#{section} tr.row')].find((row) => row.textContent.includes('{text}'))"
    )
}

/// Asserts that the page has asked for itself and for `/status.json` alone, and that nothing went wrong in it:
/// a violation of its policy is told on the console.
fn assert_clean(browser: &mut Browser) {
    let seen = browser.seen().unwrap();
    assert!(seen.complaints.is_empty(), "{:#?}", seen.complaints);
    let (page, others) = seen.requests.split_first().unwrap();
    assert_eq!(page, "GET /");
    assert!(!others.is_empty());
    for request in others {
        assert_eq!(request, "GET /status.json");
    }
}

/// Asserts that axe-core finds nothing serious, and nothing sticks out of the window.
fn assert_accessible(browser: &mut Browser, what: &str) {
    let judged = browser.judge().unwrap();
    assert!(judged.passed > 15, "{what}: {judged:?}");
    let bad: Vec<_> = judged
        .violations
        .iter()
        .filter(|one| matches!(one.impact.as_deref(), Some("serious" | "critical")))
        .collect();
    assert!(bad.is_empty(), "{what}: {bad:#?}");
    let wide = "document.documentElement.scrollWidth > window.innerWidth";
    assert_eq!(browser.eval(wide).unwrap(), false, "{what} is too wide");
}
