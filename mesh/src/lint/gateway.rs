//! Servers of a Gateway that istiod refuses.

use std::collections::HashSet;

use super::dns_names::{is_label, wrong_with};
use super::entry::texts;
use super::world::{Item, World};
use crate::code::Code;
use crate::manifest::Kind;
use crate::yaml::Node;

pub(super) fn check(world: &World<'_>) {
    for (item, spec) in world.of_kind(Kind::Gateway) {
        let servers = spec.get("servers").map_or(&[][..], Node::items);
        if servers.is_empty() {
            let message = "istiod refuses a Gateway without servers";
            item.refused(Code::GatewayServers, spec.mark, message, "list servers");
        }
        let mut names = HashSet::new();
        for server in servers {
            port(item, server, &mut names);
            hosts(item, server);
            protocol(item, server);
        }
    }
}

fn port<'a>(item: &Item<'_>, server: &'a Node, names: &mut HashSet<&'a str>) {
    let refused = |mark, message: String, fix: &str| {
        item.refused(Code::GatewayPort, mark, message, fix);
    };
    let Some(port) = server.get("port").filter(|port| !port.is_null()) else {
        let fix = "add port: {number: 15443, name: tls, protocol: TLS}";
        return refused(server.mark, "a server needs a port".to_owned(), fix);
    };
    for key in ["number", "name", "protocol"] {
        if port.get(key).is_none_or(Node::is_null) {
            let fix = "write number, name and protocol";
            refused(
                port.mark,
                format!("the API server refuses a port without {key}"),
                fix,
            );
        }
    }
    if let Some((node, name)) = port.get("name").and_then(|node| Some((node, node.text()?)))
        && !names.insert(name)
    {
        let message = format!("istiod refuses two servers whose ports are named {name:?}");
        refused(node.mark, message, "give each a name of its own");
    }
}

fn hosts(item: &Item<'_>, server: &Node) {
    for host in texts(server.get("hosts")) {
        let (namespace, name) = host.text.split_once('/').unwrap_or(("*", host.text));
        let why = match (namespace, name) {
            (other, _) if !matches!(other, "*" | ".") && !is_label(other) => {
                format!("{other:?} in front of it is no namespace")
            }
            (_, "*") => continue,
            (_, name) if !name.contains('.') => "short names are not allowed".to_owned(),
            (_, name) => match wrong_with(name) {
                Some(why) => why,
                None => continue,
            },
        };
        let message = format!("istiod refuses the host {:?}: {why}", host.text);
        item.refused(
            Code::GatewayHost,
            host.mark,
            message,
            "write NAME, *.SUFFIX or *",
        );
    }
}

fn protocol(item: &Item<'_>, server: &Node) {
    let Some(node) = server.at(&["port", "protocol"]) else {
        return;
    };
    let protocol = node.text().unwrap_or_default().to_ascii_lowercase();
    let is_tls = matches!(protocol.as_str(), "tls" | "https");
    let tls = server.get("tls").filter(|tls| !tls.is_null());
    match (is_tls, tls) {
        (true, None) => {
            let message = format!("istiod refuses protocol {protocol:?} without tls");
            let fix = "add tls: {mode: AUTO_PASSTHROUGH}";
            item.refused(Code::GatewayProtocol, node.mark, message, fix);
        }
        (false, Some(tls)) if tls.get("httpsRedirect").is_none() => {
            let message = format!("istiod refuses tls on a port with protocol {protocol:?}");
            item.refused(
                Code::GatewayProtocol,
                node.mark,
                message,
                "write protocol: TLS",
            );
        }
        (_, Some(tls)) => certificate(item, tls),
        (false, None) => {}
    }
}

/// A server that ends TLS must say with which certificate (`validateTLSOptions`).
fn certificate(item: &Item<'_>, tls: &Node) {
    let has = |key: &str| tls.get(key).is_some_and(|node| !node.is_null());
    let named = ["credentialName", "credentialNames", "tlsCertificates"]
        .into_iter()
        .any(has);
    let mode = tls.get("mode");
    let missing = match mode.and_then(Node::text) {
        Some("SIMPLE" | "MUTUAL" | "OPTIONAL_MUTUAL") if named => return,
        Some("SIMPLE" | "MUTUAL" | "OPTIONAL_MUTUAL") if !has("serverCertificate") => {
            "serverCertificate"
        }
        Some("SIMPLE" | "MUTUAL" | "OPTIONAL_MUTUAL") if !has("privateKey") => "privateKey",
        Some("MUTUAL" | "OPTIONAL_MUTUAL") if !has("caCertificates") => "caCertificates",
        _ => return,
    };
    let mark = mode.map_or(tls.mark, |mode| mode.mark);
    let message = format!("istiod refuses this mode without {missing} or a credentialName");
    item.refused(
        Code::GatewayCertificate,
        mark,
        message,
        "add credentialName: SECRET",
    );
}
