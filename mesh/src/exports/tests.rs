use std::sync::Arc;

use proptest::prelude::*;

use super::*;

fn origin(line: u32) -> Origin {
    Origin {
        file: Arc::from("g.yaml"),
        line,
        column: 1,
    }
}

fn exports(patterns: &[&str]) -> Exports {
    let mut exports = Exports::new("cluster.local".parse().unwrap());
    for (line, pattern) in (1..).zip(patterns) {
        exports.allow(Dialect::Istio, pattern.parse().unwrap(), origin(line));
    }
    exports
}

const POD: &str = "db-0.db.pxc.svc.cluster.local";

#[test]
fn the_narrowest_entry_is_the_one_that_is_named() {
    let patterns = ["*", "*.local", "*.pxc.svc.cluster.local", POD];
    for count in 1..=patterns.len() {
        let target = exports(&patterns[..count])
            .target(Dialect::Istio, POD, None)
            .unwrap();
        assert_eq!(target.origin.line as usize, count);
    }
}

#[test]
fn only_whole_labels_may_be_left_open() {
    for text in [
        "*local",
        "a*.local",
        "a.*.local",
        "**",
        "*.",
        "*.*.local",
        "",
    ] {
        assert!(text.parse::<HostPattern>().is_err(), "{text:?}");
    }
}

#[test]
fn the_first_word_about_an_alias_stands() {
    let mut exports = exports(&["*"]);
    for remote in ["a-0.a.one.svc.cluster.local", "b-0.b.two.svc.cluster.local"] {
        exports.map_alias("x.example.com".parse().unwrap(), remote.parse().unwrap());
    }
    let target = exports
        .target(Dialect::Istio, "x.example.com", None)
        .unwrap();
    assert_eq!(target.host.as_str(), "a-0.a.one.svc.cluster.local");
}

#[test]
fn a_refusal_says_what_to_do() {
    let none = exports(&[]);
    let alias = "src-db-0.pxc.svc.cluster.local";
    assert_eq!(
        none.target(Dialect::Istio, alias, None)
            .unwrap_err()
            .to_string(),
        "db-0.db.pxc.svc.cluster.local (behind src-db-0.pxc.svc.cluster.local) is not exported: no \
         Gateway server with tls.mode AUTO_PASSTHROUGH has it in hosts; add it there, or the alias \
         that stands for it"
    );
    assert_eq!(
        none.target(Dialect::Istio, "a.b", None)
            .unwrap_err()
            .to_string(),
        "a.b is not a name of this cluster; only NAME.NAMESPACE.svc.cluster.local and names below \
         it are dialled; check the cluster domain of this gateway and of the client"
    );
}

proptest! {
    /// The walk over suffixes agrees with the plain meaning of a wildcard.
    #[test]
    fn a_wildcard_allows_exactly_what_ends_with_its_suffix(
        host in "[ab](\\.[ab]){1,4}",
        suffix in "[ab](\\.[ab]){0,3}",
    ) {
        let host = format!("{host}.svc.cluster.local");
        let pattern = format!("*.{suffix}.svc.cluster.local");
        let allowed = exports(&[&pattern]).target(Dialect::Istio, &host, None).is_ok();
        prop_assert_eq!(allowed, host.ends_with(&pattern[1..]));
    }

    #[test]
    fn what_is_dialled_is_always_a_service_of_the_cluster(host in "[a-z0-9.*-]{0,30}(\\.svc)?(\\.cluster\\.local)?") {
        if let Ok(target) = exports(&["*"]).target(Dialect::Istio, &host, None) {
            prop_assert!(target.host.as_str().ends_with(".svc.cluster.local"));
        }
    }
}

#[test]
fn the_probe_of_a_shim_is_known_and_never_routed() {
    let exports = exports(&["*"]);
    let probe = |host| exports.target(Dialect::Istio, host, None).unwrap_err();
    assert!(probe(PROBE_HOST).is_probe());
    assert!(!probe("db.eastwest.invalid").is_probe());
    assert!(!probe("not a name").is_probe());
}
