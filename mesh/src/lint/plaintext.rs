//! Endpoints behind an east-west gateway to which Istio would send plain text, or foreign TLS.
//!
//! An inline endpoint speaks mTLS if its label tlsMode says so, or if it has a serviceAccount and no
//! such label (`serviceentry/conversion.go`); auto mTLS leaves hosts outside of the mesh alone
//! (`cluster_tls.go`). A DestinationRule outweighs both, which helps with ISTIO_MUTUAL only.

use super::edit::Edit;
use super::entry::{Endpoint, Entry, TLS_MODE};
use super::rules::Rule;
use super::world::World;
use crate::code::Code;
use crate::finding::Severity;
use crate::yaml::{Mark, Node};

const PLAINTEXT: (Severity, Code) = (Severity::Error, Code::Plaintext);
/// What happens then, on which side.
const HANGS: &str = "the client's sidecar sends plain text to a gateway that speaks TLS only: HTTP \
    is reset, MySQL hangs on both sides";

pub(super) fn check(world: &World<'_>) {
    for entry in world.entries.iter().filter(|entry| entry.is_east_west()) {
        let first = entry.names().next();
        let rule = first.and_then(|(host, _)| world.rules.find(entry.item.cluster, &host));
        match rule.and_then(|rule| Some((rule, rule.mode()?))) {
            Some((rule, _)) if rule.is_mutual() => {}
            Some((rule, mode)) if mode.text() == Some("DISABLE") => {
                let fix = "write mode: ISTIO_MUTUAL";
                let words = ["DISABLE", "ISTIO_MUTUAL"];
                let edit = rule
                    .tls
                    .and_then(|tls| Edit::replace(rule.item, tls, mode, words));
                let message = format!("tls.mode DISABLE: {HANGS}");
                rule.item.tell(PLAINTEXT, mode.mark, message, fix, edit);
            }
            Some((rule, mode)) => other_tls(rule, mode),
            None if entry.text("location") != Some("MESH_INTERNAL") => outside(entry),
            None => entry
                .endpoints
                .iter()
                .filter(|endpoint| entry.is_gateway(endpoint))
                .for_each(|endpoint| inside(entry, endpoint)),
        }
    }
}

/// SIMPLE and MUTUAL are TLS, if not the mesh's: no ALPN of Istio's is offered (`cluster_tls.go`,
/// constructUpstreamTLS), and each chain of a gateway asks for one (`gateway.go`,
/// builtAutoPassthroughFilterChains).
fn other_tls(rule: &Rule<'_>, mode: &Node) {
    let Some(word @ ("SIMPLE" | "MUTUAL")) = mode.text() else {
        return;
    };
    // ISTIO_MUTUAL goes with no certificates.
    let bare = |tls: &&Node| {
        let mut keys = tls.entries().iter().map(|entry| entry.key.as_str());
        keys.all(|key| ["mode", "sni", "subjectAltNames"].contains(&key))
    };
    let edit = rule
        .tls
        .filter(bare)
        .and_then(|tls| Edit::replace(rule.item, tls, mode, [word, "ISTIO_MUTUAL"]));
    let message = format!(
        "with tls.mode {word} the client's sidecar offers no ALPN of Istio's, and an \
         AUTO_PASSTHROUGH gateway accepts the connection and closes it without a byte"
    );
    let what = (Severity::Error, Code::RuleNotMutual);
    let fix = "write mode: ISTIO_MUTUAL";
    rule.item.tell(what, mode.mark, message, fix, edit);
}

fn outside(entry: &Entry<'_>) {
    let location = entry.spec.get("location");
    let mark: Mark = location.map_or(entry.spec.mark, |node| node.mark);
    let edit = match location {
        Some(node) => {
            let words = ["MESH_EXTERNAL", "MESH_INTERNAL"];
            Edit::replace(entry.item, entry.spec, node, words)
        }
        None => Edit::add(entry.item, entry.spec, "hosts", "location: MESH_INTERNAL"),
    };
    let message = format!("location MESH_EXTERNAL, the default, turns mTLS off: {HANGS}");
    let fix = "write location: MESH_INTERNAL";
    entry.item.tell(PLAINTEXT, mark, message, fix, edit);
}

fn inside(entry: &Entry<'_>, endpoint: &Endpoint<'_>) {
    let fix = format!("add labels: {{{TLS_MODE}: istio}} to the endpoint");
    let line = format!("{TLS_MODE}: istio");
    match endpoint.label(TLS_MODE) {
        Some("istio") => {}
        Some(mode) => {
            let message = format!("the endpoint has {TLS_MODE}: {mode}: {HANGS}");
            let label = endpoint
                .node
                .get("labels")
                .and_then(|labels| labels.get(TLS_MODE));
            let edit = label
                .and_then(|node| Edit::replace(entry.item, endpoint.node, node, [mode, "istio"]));
            let fix = format!("write {TLS_MODE}: istio");
            entry
                .item
                .tell(PLAINTEXT, endpoint.mark(), message, fix, edit);
        }
        None if endpoint.account().is_some() => {}
        None => {
            let message = format!(
                "the endpoint has neither the label {TLS_MODE} nor a serviceAccount: {HANGS}"
            );
            let labels = endpoint
                .node
                .get("labels")
                .filter(|node| !Node::is_null(node));
            let edit = match labels {
                Some(labels) => Edit::add_below(entry.item, endpoint.node, labels, &line),
                None if endpoint.node.get("labels").is_some() => None,
                None => {
                    let line = format!("labels: {{{line}}}");
                    Edit::add(entry.item, endpoint.node, "address", &line)
                }
            };
            entry
                .item
                .tell(PLAINTEXT, endpoint.mark(), message, fix, edit);
        }
    }
}
