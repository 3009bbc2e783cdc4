//! What a scrape gets, and whether it keeps to Prometheus' rules for names.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use eastwest_daemon::{ConnectionInfo, Context, Direction, Ended, Metrics, Reload, Status, Weight};

/// A process has one recorder, whose gauges say what was rendered last.
static ALONE: Mutex<()> = Mutex::new(());

fn render(context: &Context) -> String {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    Metrics::install().render(context)
}

/// One of everything that this library counts.
fn rendered() -> String {
    Metrics::install();
    let context = Context::new();
    let open = || {
        let peer = ([127, 0, 0, 1], 1).into();
        let info = ConnectionInfo {
            direction: Direction::Outbound,
            peer,
            bytes: Arc::default(),
        };
        context.connections.open(info)
    };
    Reload::Manifests.begin();
    let _live = open();
    open().end(&Ended {
        reason: "finished",
        error: None,
        weight: Weight::Ordinary,
    });
    metrics::histogram!("eastwest_test_seconds").record(0.3);
    metrics::describe_histogram!("eastwest_test_seconds", "A histogram of this test.");
    render(&context)
}

/// Family name to its type, and the families that have a HELP line.
fn families(text: &str) -> (BTreeMap<&str, &str>, Vec<&str>) {
    let types = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let helps = text
        .lines()
        .filter_map(|line| Some(line.strip_prefix("# HELP ")?.split_once(' ')?.0));
    (types.collect(), helps.collect())
}

#[test]
fn names_keep_to_the_rules_and_every_family_has_help() {
    let text = rendered();
    let (types, helps) = families(&text);
    assert!(types.len() >= 6, "{text}");
    for (name, kind) in types {
        assert!(helps.contains(&name), "{name} has no HELP");
        assert!(
            name.starts_with("eastwest_") || name.starts_with("process_"),
            "{name}: prefix"
        );
        assert!(
            name.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
            "{name}: characters"
        );
        assert_eq!(
            kind == "counter",
            name.ends_with("_total"),
            "{name} is a {kind}"
        );
        for unit in [
            "_ms",
            "_milliseconds",
            "_minutes",
            "_kb",
            "_kilobytes",
            "_megabytes",
        ] {
            assert!(!name.contains(unit), "{name}: not a base unit");
        }
        if kind == "histogram" {
            assert!(
                name.ends_with("_seconds") || name.ends_with("_bytes"),
                "{name}: no unit"
            );
        }
    }
}

#[test]
fn open_connections_are_a_gauge_by_direction() {
    let text = rendered();
    assert!(
        text.contains("eastwest_connections_open{direction=\"outbound\"} 1"),
        "{text}"
    );
    assert!(
        text.contains("eastwest_connections_open{direction=\"inbound\"} 0"),
        "{text}"
    );
}

#[test]
fn seconds_have_buckets_not_quantiles() {
    let text = rendered();
    assert!(
        text.contains("eastwest_test_seconds_bucket{le=\"0.5\"}"),
        "{text}"
    );
}

#[test]
fn open_files_and_memory_are_told() {
    let text = rendered();
    let value = |name: &str| {
        let line = text
            .lines()
            .find(|line| line.starts_with(name) && !line.starts_with('#'));
        line.and_then(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
            .unwrap_or_default()
    };
    assert!(value("process_open_fds") >= 3.0, "{text}");
    assert!(value("process_resident_memory_bytes") > 100_000.0, "{text}");
}

#[test]
fn a_reload_is_counted_and_the_last_one_says_whether_its_files_are_in_force() {
    Metrics::install();
    let rendered = || render(&Context::new());
    let status = Status::default();
    let last = "eastwest_config_last_reload_successful{what=\"certificate\"}";
    let total = |outcome: &str, count: u32| {
        format!("eastwest_reloads_total{{what=\"certificate\",outcome=\"{outcome}\"}} {count}\n")
    };
    Reload::Certificate.begin();
    let text = rendered();
    assert!(text.contains(&format!("{last} 1\n")), "{text}");
    assert!(text.contains(&total("failed", 0)), "{text}");
    Reload::Certificate.refused(&status, "no such file");
    let text = rendered();
    assert!(text.contains(&format!("{last} 0\n")), "{text}");
    assert!(text.contains(&total("failed", 1)), "{text}");
    Reload::Certificate.taken(&status, "new certificate in use");
    let text = rendered();
    assert!(text.contains(&format!("{last} 1\n")), "{text}");
    assert!(text.contains(&total("ok", 1)), "{text}");
}
