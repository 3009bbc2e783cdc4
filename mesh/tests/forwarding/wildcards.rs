//! Entries that name no single name.

use eastwest_mesh::Severity;
use eastwest_mesh::forwarding::{Pods, WildcardHosts};

use super::{ALIAS, between, entry, gateway, remarks, table};

/// The forms that a pattern lets through, without any caller.
fn forms(hosts: &str) -> Vec<String> {
    let found = between(&gateway(hosts), &[], Pods::Shim);
    let form = |hosts: &WildcardHosts| match hosts {
        WildcardHosts::Any { host, .. } => format!("any {host}"),
        WildcardHosts::Below { suffix, labels } => format!("{labels} below {suffix}"),
        WildcardHosts::Aliases { set, namespace } => format!(
            "aliases of {} in {}",
            set.as_deref().unwrap_or("all"),
            namespace.as_deref().unwrap_or("all")
        ),
    };
    found.wildcards.iter().map(|one| form(&one.hosts)).collect()
}

#[test]
fn a_wildcard_is_the_names_below_it_and_the_aliases_of_their_pods() {
    let everything = ["aliases of all in all", "2 below svc.cluster.local"];
    for wide in [
        "['*']",
        "['*.local']",
        "['*.cluster.local']",
        "['*.svc.cluster.local']",
    ] {
        assert_eq!(forms(wide), everything, "{wide}");
    }
    assert_eq!(
        forms("['*.pxc.svc.cluster.local']"),
        ["aliases of all in pxc", "1 below pxc.svc.cluster.local"]
    );
    assert_eq!(
        forms("['*.db.pxc.svc.cluster.local']"),
        ["aliases of db in pxc", "1 below db.pxc.svc.cluster.local"]
    );
    assert_eq!(
        forms("['*.a.db.pxc.svc.cluster.local']"),
        ["1 below a.db.pxc.svc.cluster.local"]
    );
}

#[test]
fn names_outside_of_the_cluster_are_never_dialled_and_that_is_said() {
    assert_eq!(forms("['*.example.com']"), [""; 0]);
    let found = between(&gateway("['*.example.com']"), &[], Pods::Shim);
    let warnings = remarks(&found, Severity::Warning);
    assert!(
        warnings[0].starts_with("a.yaml:8:13: warning: this lets no name"),
        "{warnings:?}"
    );
}

#[test]
fn where_callers_are_known_only_their_names_are_let_through() {
    let found = between(
        &gateway("['*.pxc.svc.cluster.local', '*.demo.svc.cluster.local']"),
        &[&entry(ALIAS, None)],
        Pods::Shim,
    );
    assert_eq!(table(&found).len(), 2);
    assert!(found.wildcards.is_empty());
    let warnings = remarks(&found, Severity::Warning);
    assert_eq!(warnings.len(), 2);
    assert!(warnings[0].contains("2 server names are let through and nothing else"));
    assert!(warnings[1].contains("nothing is let through by this wildcard"));
}
