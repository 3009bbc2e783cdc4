//! Istio Gateway: which hosts may be routed to.
//!
//! `selector` is passed over: every Gateway in the files that a gateway is given counts.

use crate::exports::{Dialect, HostPattern};
use crate::fields::{Field, Fields};
use crate::finding::Located;
use crate::object::Object;
use crate::report::Report;

/// The port that clients of the mesh dial.
const EAST_WEST_PORT: u16 = 15443;

/// The hosts of one server, and the form of server name that they are for.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) dialect: Dialect,
    pub(crate) hosts: Vec<Located<HostPattern>>,
}

pub(crate) fn read<'a>(object: &Object<'a>, report: &'a Report) -> Vec<Server> {
    let mut spec = object.spec(report);
    if let Some(selector) = spec.get("selector") {
        let message = "spec.selector is passed over: every Gateway in these files counts";
        report.note(selector.key, message);
    }
    let servers = spec.list("servers");
    if servers.is_empty() {
        report.warning(spec.mark(), "spec.servers is empty, so nothing is exported");
    }
    let servers = servers
        .iter()
        .filter_map(|server| read_server(server, report))
        .collect();
    spec.finish();
    object.check_annotations(&[], report);
    servers
}

fn read_server(item: &Field<'_>, report: &Report) -> Option<Server> {
    let mut server = item.fields();
    let protocol = port(&mut server, report);
    let dialect = tls(&mut server);
    server.harmless(&["name"]);
    let hosts = server.list("hosts");
    server.refuse(
        &["bind", "defaultEndpoint"],
        "the gateway listens where its own flags say",
    );
    server.finish();
    let ours = match (&protocol, dialect) {
        (Some(protocol), Some(dialect)) if matches!(protocol.as_str(), "tls" | "https") => dialect,
        _ => {
            report.note(
                item.key,
                format!(
                    "{} is passed over: only protocol TLS with tls.mode AUTO_PASSTHROUGH or \
                     PASSTHROUGH is routed here",
                    item.path
                ),
            );
            return None;
        }
    };
    if hosts.is_empty() {
        report.error(
            item.key,
            format!("{}.hosts needs at least one name", item.path),
        );
    }
    let hosts = hosts
        .iter()
        .filter_map(|host| read_host(host, report))
        .collect();
    Some(Server {
        dialect: ours,
        hosts,
    })
}

/// The protocol in lower case.
fn port(server: &mut Fields<'_>, report: &Report) -> Option<String> {
    let mut port = server.mapping("port")?;
    let number = port.port("number");
    let protocol = port
        .text("protocol")
        .map(|protocol| protocol.value.to_ascii_lowercase());
    port.harmless(&["name", "targetPort"]);
    port.finish();
    if let Some(number) = number.filter(|number| number.value.get() != EAST_WEST_PORT) {
        report.note(
            number.origin.mark(),
            format!(
                "port {} is passed over: the gateway listens where its own flags say",
                number.value
            ),
        );
    }
    protocol
}

fn tls(server: &mut Fields<'_>) -> Option<Dialect> {
    let mut tls = server.mapping("tls")?;
    let mode = tls.get("mode");
    let dialect = match mode.as_ref().map(|mode| mode.node.text()) {
        Some(Some("AUTO_PASSTHROUGH")) => Some(Dialect::Istio),
        Some(Some("PASSTHROUGH")) | None => Some(Dialect::Plain),
        Some(Some("SIMPLE" | "MUTUAL" | "ISTIO_MUTUAL" | "OPTIONAL_MUTUAL")) => None,
        Some(_) => mode
            .and_then(|mode| mode.wrong("AUTO_PASSTHROUGH, PASSTHROUGH or another mode of Istio")),
    };
    let terminating = &[
        "httpsRedirect",
        "serverCertificate",
        "privateKey",
        "caCertificates",
        "caCrl",
        "caCertCredentialName",
        "credentialName",
        "credentialNames",
        "tlsCertificates",
        "subjectAltNames",
        "verifyCertificateSpki",
        "verifyCertificateHash",
        "minProtocolVersion",
        "maxProtocolVersion",
        "cipherSuites",
    ];
    if dialect.is_some() {
        tls.without_effect(terminating, "TLS passes through the gateway unopened");
    } else {
        tls.harmless(terminating);
    }
    tls.finish();
    dialect
}

fn read_host(item: &Field<'_>, report: &Report) -> Option<Located<HostPattern>> {
    let text = item.text()?.value;
    // "ns/host" binds to services of that namespace (model/gateway.go); the host alone counts here.
    let host = text.split_once('/').map_or(text, |(_, host)| host);
    match host.parse::<HostPattern>() {
        Ok(pattern) => Some(report.locate(item.key, pattern)),
        Err(reason) => {
            let message = format!("{} {text:?} is no host to export: {reason}", item.path);
            report.error_with_fix(item.key, message, "write NAME, *.SUFFIX or *");
            None
        }
    }
}
