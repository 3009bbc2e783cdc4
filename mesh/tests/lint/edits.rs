//! What `--fix` writes, in each way in which people write YAML.

use std::collections::HashMap;

use eastwest_mesh::Capture;
use eastwest_mesh::virtual_ip::computed;

use super::{mended_text, service_entry};

const TCP: &str = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n";

/// The lines of `after` that are not in `before`, where all of `before` must still be.
#[track_caller]
fn added(before: &str, after: &str) -> Vec<String> {
    let mut rest = before.lines().peekable();
    let new = after.lines().filter(|line| rest.next_if_eq(line).is_none());
    let new = new.map(str::to_owned).collect();
    assert_eq!(rest.next(), None, "a line is gone from\n{after}");
    new
}

fn block(endpoint: &str) -> String {
    format!(
        "{TCP}metadata: {{name: a, namespace: pxc}}\nspec:\n  hosts:\n  \
         - src-db-0.pxc.svc.cluster.local\n  location: MESH_INTERNAL\n  ports:\n  \
         - {{number: 3306, name: mysql, protocol: TCP}}\n  resolution: STATIC\n  endpoints:\n{endpoint}"
    )
}

#[test]
fn a_label_goes_in_front_of_the_next_key_at_its_indentation() {
    let text = block("  - address: 10.0.0.1\n    ports: {mysql: 15443}\n");
    assert_eq!(
        added(&text, &mended_text(&text)),
        ["    labels: {security.istio.io/tlsMode: istio}"]
    );
}

#[test]
fn a_label_joins_those_that_are_there() {
    let text = block(
        "    - address: 10.0.0.1\n      ports: {mysql: 15443}\n      labels:\n        # ours\n        a: b\n",
    );
    let after = mended_text(&text);
    assert_eq!(
        added(&text, &after),
        ["        security.istio.io/tlsMode: istio"]
    );
    assert!(
        after.contains("istio\n        # ours\n        a: b\n"),
        "{after}"
    );
}

#[test]
fn flow_style_stays_flow_style() {
    let text = service_entry("db-0", "").replace(", serviceAccount: db", "");
    let after = mended_text(&text);
    assert!(
        after.contains(
            "{address: 10.0.0.1, labels: {security.istio.io/tlsMode: istio}, ports: {mysql: 15443}}"
        ),
        "{after}"
    );
}

#[test]
fn empty_labels_are_filled() {
    let text = service_entry("db-0", "").replace("serviceAccount: db", "labels: {}");
    let after = mended_text(&text);
    assert!(
        after.contains("labels: {security.istio.io/tlsMode: istio}}"),
        "{after}"
    );
}

#[test]
fn the_only_key_of_an_endpoint_gets_a_line_below_also_at_the_end_of_the_file() {
    for end in ["\n", ""] {
        let text =
            block(&format!("  - address: 10.0.0.1{end}")).replace("number: 3306", "number: 15443");
        assert_eq!(
            added(&text, &mended_text(&text)),
            ["    labels: {security.istio.io/tlsMode: istio}"]
        );
    }
}

#[test]
fn line_ends_of_windows_are_kept() {
    let text = block("  - address: 10.0.0.1\n    ports: {mysql: 15443}\n").replace('\n', "\r\n");
    let after = mended_text(&text);
    assert!(
        after.contains("labels: {security.istio.io/tlsMode: istio}\r\n"),
        "{after:?}"
    );
    assert!(!after.replace("\r\n", "").contains('\n'));
}

#[test]
fn comments_stay_above_what_they_are_about() {
    let text =
        block("  - address: 10.0.0.1\n    # the east-west port\n    ports: {mysql: 15443}\n");
    let after = mended_text(&text);
    assert!(
        after.contains("istio}\n    # the east-west port\n    ports"),
        "{after}"
    );
}

#[test]
fn what_stands_behind_an_anchor_is_left_to_people() {
    let entry = block("  - address: 10.0.0.1\n    ports: {mysql: 15443}\n    labels: *ours\n");
    let entry = entry.replace(
        "{name: a, namespace: pxc}",
        "{name: a, namespace: pxc, labels: &ours {a: b}}",
    );
    assert_eq!(
        mended_text(&entry),
        entry,
        "the labels are also those of the object"
    );
    let merged =
        block("  - &gw {address: 10.0.0.1, ports: {mysql: 15443}}\n  - {<<: *gw, weight: 1}\n");
    let after = mended_text(&merged);
    assert_eq!(
        after.matches("tlsMode").count(),
        2,
        "each has its own: {after}"
    );
}

#[test]
fn words_are_replaced_where_there_is_just_one_answer() {
    let named = service_entry("db-0", "").replace("10.0.0.1", "gw.example.com");
    assert!(mended_text(&named).contains("resolution: DNS\n"));
    let mixed = named.replace("endpoints: [", "endpoints: [{address: 10.0.0.2}, ");
    assert!(mended_text(&mixed).contains("resolution: STATIC\n"));
    let none = service_entry("db-0", "").replace("STATIC", "NONE");
    assert!(mended_text(&none).contains("resolution: STATIC\n"));
    let missing = service_entry("db-0", "").replace("  resolution: STATIC\n", "");
    assert_eq!(
        added(&missing, &mended_text(&missing)),
        ["  resolution: STATIC"]
    );
    let outside = service_entry("db-0", "").replace("INTERNAL", "EXTERNAL");
    assert!(mended_text(&outside).contains("MESH_INTERNAL"));
}

#[test]
fn a_port_that_is_not_said_is_said() {
    let text = service_entry("db-0", "").replace("{mysql: 15443}", "{mysqlx: 15443}");
    let text = text.replace(
        "name: mysql, protocol: TCP}",
        "name: mysqlx, protocol: TCP}, {number: 33060, name: x, protocol: TCP}",
    );
    assert!(mended_text(&text).contains("ports: {x: 15443, mysqlx: 15443}"));
}

#[test]
fn mending_twice_changes_nothing_more() {
    let text = service_entry("db-0", "").replace(", serviceAccount: db", "");
    let once = mended_text(&text);
    assert_ne!(once, text);
    assert_eq!(mended_text(&once), once);
}

/// The address is computed from the name, and two names may meet.
#[test]
fn names_that_hash_to_one_address_get_two() {
    let mut seen = HashMap::new();
    let (one, two) = (0..10_000)
        .find_map(|i| {
            let name = format!("src-db-{i}.pxc.svc.cluster.local").parse().unwrap();
            let first = seen.insert(computed(&name, Capture::Redirect), i);
            first.map(|first| (first, i))
        })
        .unwrap();
    let entry = |i: i32| service_entry(&format!("db-{i}"), "");
    let after = mended_text(&format!("{}---\n{}", entry(one), entry(two)));
    let lines = after
        .lines()
        .filter(|line| line.starts_with("  addresses: ["));
    let added: Vec<_> = lines.collect();
    assert_eq!(added.len(), 2);
    assert_ne!(added[0], added[1]);
}
