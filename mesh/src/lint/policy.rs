//! Fields of an AuthorizationPolicy that exclude each other, and selectors.

use super::world::{Item, World};
use crate::code::Code;
use crate::manifest::Kind;
use crate::yaml::Node;

/// Longest value of a label in a selector (the custom resource, as Kubernetes itself).
const MAX_VALUE: usize = 63;

pub(super) fn check(world: &World<'_>) {
    for (item, spec) in world.of_kind(Kind::AuthorizationPolicy) {
        shape(item, spec);
        for source in sources(spec) {
            accounts(item, source);
        }
    }
    selectors(world);
}

fn has(node: &Node, key: &str) -> bool {
    node.get(key).is_some_and(|node| !node.is_null())
}

fn shape(item: &Item<'_>, spec: &Node) {
    let refused = |message: &str, fix: &str| {
        item.refused(Code::PolicyShape, spec.mark, message, fix);
    };
    let targets = ["selector", "targetRef", "targetRefs"];
    if targets.iter().filter(|key| has(spec, key)).count() > 1 {
        let message = "the API server refuses more than one of selector, targetRef and targetRefs";
        refused(message, "keep one of them");
    }
    let custom = spec.get("action").and_then(Node::text) == Some("CUSTOM");
    match (
        custom,
        spec.get("provider")
            .and_then(|provider| provider.get("name")),
    ) {
        (true, None) => refused(
            "istiod refuses action CUSTOM without provider.name",
            "add provider",
        ),
        (false, Some(_)) => {
            refused(
                "istiod refuses a provider with another action than CUSTOM",
                "take provider out",
            );
        }
        _ => {}
    }
    let empty = spec
        .get("rules")
        .is_none_or(|rules| rules.items().is_empty());
    if custom && empty {
        refused("istiod refuses action CUSTOM without rules", "add rules");
    }
}

fn sources(spec: &Node) -> impl Iterator<Item = &Node> {
    spec.get("rules")
        .map_or(&[][..], Node::items)
        .iter()
        .filter_map(|rule| rule.get("from"))
        .flat_map(Node::items)
        .filter_map(|from| from.get("source"))
}

fn accounts(item: &Item<'_>, source: &Node) {
    let any = |keys: &[&str]| keys.iter().any(|key| has(source, key));
    let names = ["principals", "notPrincipals", "namespaces", "notNamespaces"];
    if any(&["serviceAccounts", "notServiceAccounts"]) && any(&names) {
        let message = "the API server refuses serviceAccounts beside principals or namespaces";
        let fix = "keep serviceAccounts, or the others";
        item.refused(Code::PolicyShape, source.mark, message, fix);
    }
}

fn selectors(world: &World<'_>) {
    let places: [(Kind, &[&str]); 3] = [
        (Kind::AuthorizationPolicy, &["selector", "matchLabels"]),
        (Kind::DestinationRule, &["workloadSelector", "matchLabels"]),
        (Kind::ServiceEntry, &["workloadSelector", "labels"]),
    ];
    for (kind, path) in places {
        for (item, spec) in world.of_kind(kind) {
            for entry in spec.at(path).map_or(&[][..], Node::entries) {
                let value = entry.node.text().unwrap_or_default();
                let why = if entry.key.is_empty() {
                    "a key is empty"
                } else if entry.key.contains('*') || value.contains('*') {
                    "no wildcard may be in it"
                } else if value.len() > MAX_VALUE {
                    "a value has more than 63 characters"
                } else {
                    continue;
                };
                let message = format!("the API server refuses this selector: {why}");
                let fix = "write the label as the pods have it";
                item.refused(Code::PolicySelector, entry.mark, message, fix);
            }
        }
    }
}
