//! How much the custom resources take (Istio 1.30, `crd-all.gen.yaml`).

use super::world::{Item, World};
use crate::code::Code;
use crate::manifest::Kind;
use crate::yaml::{Node, Value};

/// A limit of what stands at a path; `[]` goes through the items of a list.
struct Limit {
    kind: Kind,
    path: &'static [&'static str],
    of: Size,
}

enum Size {
    Items(usize),
    Characters(usize),
    /// From 1 to this many.
    AtLeastOne(usize),
}

const fn limit(kind: Kind, path: &'static [&'static str], of: Size) -> Limit {
    Limit { kind, path, of }
}

const LIMITS: [Limit; 18] = [
    limit(Kind::ServiceEntry, &["hosts"], Size::Items(256)),
    limit(Kind::ServiceEntry, &["addresses"], Size::Items(256)),
    limit(
        Kind::ServiceEntry,
        &["addresses", "[]"],
        Size::Characters(64),
    ),
    limit(
        Kind::ServiceEntry,
        &["ports", "[]", "name"],
        Size::Characters(256),
    ),
    limit(
        Kind::ServiceEntry,
        &["ports", "[]", "protocol"],
        Size::Characters(256),
    ),
    limit(Kind::ServiceEntry, &["endpoints"], Size::Items(4096)),
    limit(
        Kind::ServiceEntry,
        &["endpoints", "[]", "address"],
        Size::Characters(256),
    ),
    limit(
        Kind::ServiceEntry,
        &["endpoints", "[]", "ports"],
        Size::Items(128),
    ),
    limit(
        Kind::ServiceEntry,
        &["endpoints", "[]", "labels"],
        Size::Items(256),
    ),
    limit(
        Kind::ServiceEntry,
        &["endpoints", "[]", "network"],
        Size::Characters(2048),
    ),
    limit(
        Kind::ServiceEntry,
        &["endpoints", "[]", "locality"],
        Size::Characters(2048),
    ),
    limit(
        Kind::ServiceEntry,
        &["endpoints", "[]", "serviceAccount"],
        Size::Characters(253),
    ),
    limit(
        Kind::ServiceEntry,
        &["workloadSelector", "labels"],
        Size::Items(256),
    ),
    limit(
        Kind::Gateway,
        &["servers", "[]", "tls", "credentialNames"],
        Size::AtLeastOne(2),
    ),
    limit(
        Kind::Gateway,
        &["servers", "[]", "tls", "tlsCertificates"],
        Size::AtLeastOne(2),
    ),
    limit(
        Kind::DestinationRule,
        &["trafficPolicy", "portLevelSettings"],
        Size::Items(4096),
    ),
    limit(Kind::AuthorizationPolicy, &["rules"], Size::Items(512)),
    limit(
        Kind::AuthorizationPolicy,
        &["rules", "[]", "from"],
        Size::Items(512),
    ),
];

pub(super) fn check(world: &World<'_>) {
    for limit in &LIMITS {
        for (item, spec) in world.of_kind(limit.kind) {
            follow(spec, limit.path, &mut |node| compare(item, limit, node));
        }
    }
}

fn follow(node: &Node, path: &[&str], found: &mut dyn FnMut(&Node)) {
    match path {
        [] => found(node),
        ["[]", rest @ ..] => node
            .items()
            .iter()
            .for_each(|item| follow(item, rest, found)),
        [key, rest @ ..] => {
            if let Some(node) = node.get(key) {
                follow(node, rest, found);
            }
        }
    }
}

fn compare(item: &Item<'_>, limit: &Limit, node: &Node) {
    let size = match (&limit.of, &node.value) {
        (Size::Characters(_), Value::Text(text)) => text.chars().count(),
        (Size::Items(_) | Size::AtLeastOne(_), Value::List(items)) => items.len(),
        (Size::Items(_), Value::Map(entries)) => entries.len(),
        _ => return,
    };
    let (least, most, what) = match limit.of {
        Size::Items(most) => (0, most, "items"),
        Size::Characters(most) => (0, most, "characters"),
        Size::AtLeastOne(most) => (1, most, "items"),
    };
    if (least..=most).contains(&size) {
        return;
    }
    let path = limit.path.join(".").replace(".[]", "[]");
    let message = format!(
        "the API server refuses spec.{path} with {size} {what}: it takes {least} to {most}"
    );
    let fix = "write less, or cut the object in two";
    item.refused(Code::TooMuch, node.mark, message, fix);
}
