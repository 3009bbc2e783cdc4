//! Whatever the bytes, `load` comes back, and what it gives holds together.

use eastwest_mesh::Capture;
use proptest::prelude::*;
use proptest::sample::Index;

#[path = "../../fuzz/checks/manifests.rs"]
mod manifests;

use manifests::assert_sound;

use super::{errors, load_text, service_entry};

const POLICY: &str = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
    metadata: {name: p, namespace: pxc}\nspec:\n  action: ALLOW\n  selector: {matchLabels: {app: db}}\n  \
    rules:\n  - from:\n    - source: {principals: [cluster.local/ns/pxc/sa/*]}\n    to:\n    \
    - operation: {ports: ['3306']}\n";

const OTHERS: &str = "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g}\n\
    spec:\n  servers:\n  - port: {number: 15443, name: tls, protocol: TLS}\n    \
    tls: {mode: AUTO_PASSTHROUGH}\n    hosts: ['*.pxc.svc.cluster.local']\n---\n\
    apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: d}\nspec:\n  \
    host: src-db-0.pxc.svc.cluster.local\n  trafficPolicy:\n    \
    tls: {mode: ISTIO_MUTUAL, sni: db-0.db.pxc.svc.cluster.local}\n";

fn all_kinds() -> String {
    [
        service_entry("db-0", "addresses: [127.0.0.9]"),
        POLICY.to_owned(),
        OTHERS.to_owned(),
    ]
    .join("---\n")
}

#[test]
fn the_unchanged_text_has_no_error() {
    let mesh = load_text(&all_kinds());
    assert_eq!(errors(&mesh), [""; 0]);
    assert_eq!(mesh.routes.len(), 1);
}

/// Nine levels of nine references each: 387 million values if all were written out.
#[test]
fn a_bomb_of_aliases_is_one_error_and_leaves_the_other_documents() {
    let level = |i: usize| {
        format!(
            "a{i}: &a{i} [{}]\n",
            vec![format!("*a{}", i - 1); 9].join(",")
        )
    };
    let bomb: String = (1..10).map(level).collect();
    let text = format!(
        "a0: &a0 [x,x,x,x,x,x,x,x,x]\n{bomb}---\n{}",
        service_entry("db-0", "")
    );
    let mesh = load_text(&text);
    assert_eq!((errors(&mesh).len(), mesh.routes.len()), (1, 1));
    assert_sound(&text, &mesh, Capture::Vip);
}

#[test]
fn nesting_without_end_is_one_error() {
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
    ] {
        let mesh = load_text(&text);
        assert_eq!(errors(&mesh).len(), 1);
        assert_sound(&text, &mesh, Capture::Vip);
    }
}

#[test]
fn anchors_used_as_people_use_them_work() {
    let text = service_entry("db-0", "").replace("hosts: [", "hosts: &h [") + "  exportTo: *h\n";
    assert_eq!(errors(&load_text(&text)), [""; 0]);
}

#[test]
fn a_hundred_thousand_hosts_load() {
    let hosts: String = (0..100_000)
        .map(|i| format!("    - h{i}.pxc.svc.cluster.local\n"))
        .collect();
    let text = format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: g}}\nspec:\n  \
         servers:\n  - port: {{number: 15443, name: tls, protocol: TLS}}\n    \
         tls: {{mode: AUTO_PASSTHROUGH}}\n    hosts:\n{hosts}"
    );
    let mesh = load_text(&text);
    assert_eq!(errors(&mesh), [""; 0]);
    let target = mesh.exports.target(
        eastwest_mesh::Dialect::Istio,
        "h99999.pxc.svc.cluster.local",
        None,
    );
    assert_eq!(target.unwrap().origin.line, 100_008);
}

/// A way to spoil a text.
#[derive(Clone, Debug)]
enum Change {
    Cut(Index, Index),
    Insert(Index, String),
    Repeat(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let pieces = prop_oneof![
        "[ -~\n]{0,6}",
        prop::sample::select(vec![
            "\n---\n",
            "\n...\n",
            "\t",
            "\r",
            "&a ",
            "*a ",
            "<<: *a\n",
            "!!binary ",
            "!x ",
            "? ",
            "|\n",
            "\u{0}",
            "\u{feff}",
            "null",
            "~",
            "[]",
            "{}",
            "- ",
            "'",
            "\"",
            "0x1F",
            ".nan",
            "é",
            "%YAML 9.9\n",
        ])
        .prop_map(str::to_owned),
    ];
    prop_oneof![
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Change::Cut(a, b)),
        (any::<Index>(), pieces).prop_map(|(at, text)| Change::Insert(at, text)),
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Change::Repeat(a, b)),
    ]
}

fn apply(text: &str, change: &Change) -> String {
    let chars: Vec<char> = text.chars().collect();
    let range = |a: &Index, b: &Index| {
        let (a, b) = (a.index(chars.len() + 1), b.index(chars.len() + 1));
        a.min(b)..a.max(b).min(a.min(b) + 60)
    };
    let mut changed = chars.clone();
    match change {
        Change::Cut(a, b) => _ = changed.drain(range(a, b)),
        Change::Insert(at, piece) => {
            let at = at.index(chars.len() + 1);
            changed.splice(at..at, piece.chars());
        }
        Change::Repeat(a, b) => {
            let range = range(a, b);
            let piece = chars[range.clone()].to_vec();
            changed.splice(range.end..range.end, piece);
        }
    }
    changed.into_iter().collect()
}

proptest! {
    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        assert_sound(&text, &load_text(&text), Capture::Vip);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let text = String::from_utf8_lossy(&bytes);
        assert_sound(&text, &load_text(&text), Capture::Vip);
    }

    #[test]
    fn spoilt_manifests_are_survived(changes in prop::collection::vec(change(), 1..6)) {
        let text = changes.iter().fold(all_kinds(), |text, change| apply(&text, change));
        let mesh = super::load_files(&[&text], Capture::Redirect);
        assert_sound(&text, &mesh, Capture::Redirect);
    }

    #[test]
    fn a_spoilt_file_leaves_the_routes_of_the_others(changes in prop::collection::vec(change(), 1..6)) {
        let spoilt = changes.iter().fold(all_kinds(), |text, change| apply(&text, change));
        let other = service_entry("other-7", "addresses: [127.9.9.9]").replace("name: src-", "name: z-");
        let mesh = super::load_files(&[&other, &spoilt], Capture::Vip);
        let alias = "src-other-7.pxc.svc.cluster.local";
        prop_assert!(mesh.routes.iter().any(|route| route.alias.as_str() == alias));
    }
}
