//! Istio Gateway: which hosts may be routed to.
//!
//! `selector` is passed over: every Gateway in the files that a gateway is given counts.

use std::num::NonZeroU16;

use crate::code::Code;
use crate::exports::{Dialect, HostPattern};
use crate::fields::{Field, Fields};
use crate::finding::{Located, Origin};
use crate::object::Object;
use crate::report::Report;
use crate::yaml::Entry;

/// The port that clients of the mesh dial.
pub(crate) const EAST_WEST_PORT: u16 = 15443;

/// A Gateway as far as it could be read.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    /// The labels of the gateway that it is for.
    pub(crate) selector: Vec<(String, String)>,
    /// The servers that pass TLS on unopened.
    pub(crate) servers: Vec<Server>,
    /// Where the other servers are.
    pub(crate) others: Vec<Origin>,
    pub(crate) origin: Origin,
}

/// The hosts of one server, and the form of server name that they are for.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) dialect: Dialect,
    pub(crate) port: Option<Located<NonZeroU16>>,
    pub(crate) hosts: Vec<Located<HostPattern>>,
}

pub(crate) fn read<'a>(object: &Object<'a>, report: &'a Report) -> Gateway {
    let mut spec = object.spec(report);
    let mut selector = Vec::new();
    if let Some(field) = spec.get("selector") {
        let message = "spec.selector is passed over: every Gateway in these files counts";
        report.note(Code::PassedOver, field.key, message);
        let labels = field.node.entries().iter();
        let label = |entry: &Entry| Some((entry.key.clone(), entry.node.text()?.to_owned()));
        selector = labels.filter_map(label).collect();
        selector.sort();
    }
    let servers = spec.list("servers");
    if servers.is_empty() {
        report.warning(
            Code::GatewayServers,
            spec.mark(),
            "spec.servers is empty, so nothing is exported",
        );
    }
    let mut gateway = Gateway {
        selector,
        servers: Vec::new(),
        others: Vec::new(),
        origin: report.origin(object.mark),
    };
    for server in &servers {
        match read_server(server, report) {
            Some(read) => gateway.servers.push(read),
            None => gateway.others.push(report.origin(server.key)),
        }
    }
    spec.finish();
    object.check_annotations(&[], report);
    gateway
}

/// `None` for a server that terminates TLS or speaks something else: those are not ours, and what
/// they say is not our concern.
fn read_server(item: &Field<'_>, report: &Report) -> Option<Server> {
    let mut server = item.fields();
    let (port, protocol) = port(&mut server, report);
    let dialect = tls(&mut server);
    let hosts = server.list("hosts");
    server.harmless(&["name"]);
    let passes_through = matches!(protocol.as_deref(), Some("tls" | "https"));
    let Some(dialect) = dialect.filter(|_| passes_through) else {
        server.harmless(&["bind", "defaultEndpoint"]);
        server.finish();
        let message = format!(
            "{} is passed over: only protocol TLS with tls.mode AUTO_PASSTHROUGH or PASSTHROUGH \
             is routed here",
            item.path
        );
        match dialect {
            Some(_) => report.warning_with_fix(
                Code::GatewayProtocol,
                item.key,
                message,
                "write protocol: TLS",
            ),
            None => report.note(Code::PassedOver, item.key, message),
        }
        return None;
    };
    const WHY: &str = "the gateway listens where its own flags say";
    server.refuse(&["bind", "defaultEndpoint"], WHY);
    server.finish();
    if hosts.is_empty() {
        let message = format!("{}.hosts needs at least one name", item.path);
        report.error(Code::GatewayWithoutHost, item.key, message);
    }
    let hosts = hosts
        .iter()
        .filter_map(|host| read_host(host, report))
        .collect();
    Some(Server {
        dialect,
        port,
        hosts,
    })
}

/// The number, and the protocol in lower case.
fn port(server: &mut Fields<'_>, report: &Report) -> (Option<Located<NonZeroU16>>, Option<String>) {
    let Some(mut port) = server.mapping("port") else {
        return (None, None);
    };
    let number = port.port("number");
    let protocol = port
        .text("protocol")
        .map(|protocol| protocol.value.to_ascii_lowercase());
    port.harmless(&["name", "targetPort"]);
    port.finish();
    let other = |number: &&Located<NonZeroU16>| number.value.get() != EAST_WEST_PORT;
    if let Some(number) = number.as_ref().filter(other) {
        report.note(
            Code::PassedOver,
            number.origin.mark(),
            format!(
                "port {} is passed over: the gateway listens where its own flags say",
                number.value
            ),
        );
    }
    (number, protocol)
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
    let (namespace, host) = match text.split_once('/') {
        Some((namespace, host)) => (Some(namespace), host),
        None => (None, text),
    };
    // Istio cuts it off too (model/gateway.go), so that `pxc/*` is everything there as well.
    if let Some(namespace) = namespace.filter(|&namespace| namespace != "*") {
        let fix = match (namespace, host) {
            ("" | ".", _) => {
                "take the prefix out, and write the namespace into the name".to_owned()
            }
            (_, "*") => format!("write *.{namespace}.svc.CLUSTER-DOMAIN"),
            _ => "take the prefix out".to_owned(),
        };
        let message = format!(
            "{} {text:?} exports {host} of every namespace: a prefix narrows nothing, here and in \
             stock Istio",
            item.path
        );
        report.warning_with_fix(Code::GatewayPrefix, item.key, message, fix);
    }
    match host.parse::<HostPattern>() {
        Ok(pattern) => Some(report.locate(item.key, pattern)),
        Err(reason) => {
            let message = format!("{} {text:?} is no host to export: {reason}", item.path);
            report.error_with_fix(
                Code::GatewayHost,
                item.key,
                message,
                "write NAME, *.SUFFIX or *",
            );
            None
        }
    }
}
