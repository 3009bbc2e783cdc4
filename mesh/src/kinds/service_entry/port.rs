//! `ServiceEntry.spec.ports`

use std::num::NonZeroU16;

use crate::code::Code;
use crate::fields::Fields;
use crate::finding::Origin;
use crate::report::Report;

/// Protocols that Istio knows (`pkg/config/protocol/instance.go`), all of which are bytes to us,
/// and UDP, which is not.
const STREAMS: [&str; 12] = [
    "tcp",
    "tls",
    "http",
    "http2",
    "http_proxy",
    "https",
    "grpc",
    "grpc-web",
    "mongo",
    "redis",
    "mysql",
    "",
];

/// `maxItems` of the custom resource.
const MAX_PORTS: usize = 256;

/// One port of a ServiceEntry.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    /// What the app dials, and what the server name names.
    pub(crate) number: NonZeroU16,
    pub(crate) name: String,
    pub(crate) target: Option<NonZeroU16>,
    pub(crate) kind: PortKind,
    pub(crate) origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PortKind {
    /// HTTP and its relatives: Istio tells hosts apart on one address and port by their names.
    Http,
    /// MySQL's, to Istio a stream like any other.
    MySql,
    /// All other streams: only the address tells hosts apart.
    Tcp,
    Udp,
}

pub(super) fn read_all(spec: &mut Fields<'_>, report: &Report) -> Vec<Port> {
    let mut ports: Vec<Port> = Vec::new();
    let items = spec.list("ports");
    if let Some(surplus) = items.get(MAX_PORTS) {
        let message = format!("spec.ports has more than {MAX_PORTS} ports, which is the most");
        report.error(Code::EntryPorts, surplus.key, message);
    }
    for item in items.into_iter().take(MAX_PORTS) {
        let mut fields = item.fields();
        let (number, name) = (fields.get("number"), fields.get("name"));
        if number.is_none() || name.is_none() {
            let message = format!("{} needs a number and a name", item.path);
            report.error(Code::EntryPorts, item.key, message);
        }
        let number = number.and_then(|number| number.port());
        let name = name
            .and_then(|name| name.text())
            .map(|name| name.value.to_owned());
        let kind = protocol(&mut fields);
        let target = fields.port("targetPort").map(|target| target.value);
        fields.finish();
        let (Some(number), Some(name)) = (number, name) else {
            continue;
        };
        if ports
            .iter()
            .any(|port| port.number == number.value || port.name == name)
        {
            let message = format!("{} has the number or name of a port before it", item.path);
            report.error(Code::EntryPorts, item.key, message);
            continue;
        }
        let port = Port {
            number: number.value,
            name,
            target,
            kind,
            origin: number.origin,
        };
        ports.push(port);
    }
    ports
}

fn protocol(fields: &mut Fields<'_>) -> PortKind {
    let Some(field) = fields.get("protocol") else {
        return PortKind::Tcp;
    };
    let Some(text) = field.text() else {
        return PortKind::Tcp;
    };
    let lower = text.value.to_ascii_lowercase();
    match lower.as_str() {
        "udp" => PortKind::Udp,
        "http" | "http2" | "http_proxy" | "grpc" | "grpc-web" => PortKind::Http,
        "mysql" => PortKind::MySql,
        known if STREAMS.contains(&known) => PortKind::Tcp,
        _ => field
            .wrong("TCP, TLS, HTTP or another protocol that Istio knows")
            .unwrap_or(PortKind::Tcp),
    }
}
