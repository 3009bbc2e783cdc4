//! Whatever the bytes, `lint` and `apply` come back, and what they give holds together.

use eastwest_mesh::lint::{Lint, View, apply, lint};
use proptest::prelude::*;
use proptest::sample::Index;

use super::{options, service_entry, source};

/// What must hold for any input.
fn check(text: &str) {
    for view in [View::Istio, View::Eastwest, View::Both] {
        let file = source("a.yaml", text);
        let found = lint(&[vec![file.clone()], vec![file]], &options(view));
        let edits: Vec<_> = found.iter().filter_map(Lint::edit).collect();
        let after = apply(text, &edits);
        let again = lint(&[vec![source("a.yaml", &after)]], &options(view));
        assert!(
            edits.is_empty() || after != text,
            "an edit changes something"
        );
        drop(again);
        for lint in &found {
            let line = lint.finding.to_string();
            assert_eq!(line.lines().count(), 1, "{line:?}");
        }
    }
}

fn manifests() -> String {
    [
        service_entry("db-0", "").replace(", serviceAccount: db", ""),
        service_entry("db-1", "exportTo: ['*', a]"),
        "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {clusterIP: 10.0.0.1}\n".to_owned(),
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec:\n  servers:\n  \
         - port: {number: 15443, name: tls, protocol: TLS}\n    hosts: [a/b, '*']\n"
            .to_owned(),
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p}\nspec:\n  \
         action: CUSTOM\n  rules: [{from: [{source: {serviceAccounts: [a], principals: [b]}}]}]\n"
            .to_owned(),
    ]
    .join("---\n")
}

proptest! {
    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn spoilt_manifests_are_survived(
        places in prop::collection::vec((any::<Index>(), any::<Index>(), "[ -~\n\r\té]{0,8}"), 1..6)
    ) {
        let mut chars: Vec<char> = manifests().chars().collect();
        for (from, length, piece) in places {
            let from = from.index(chars.len() + 1);
            let to = (from + length.index(12)).min(chars.len());
            chars.splice(from..to, piece.chars());
        }
        check(&chars.into_iter().collect::<String>());
    }
}
