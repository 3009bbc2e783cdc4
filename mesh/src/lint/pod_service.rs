//! The Service that makes Istio's gateway know an alias: named like it, for the pod that it means.

use std::fmt::Write;
use std::sync::Arc;

use super::dns_names::is_label;
use super::entry::{Port, Transport};

/// What Kubernetes labels each pod of a StatefulSet with.
pub(super) const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";

/// Words that YAML, in one version or another, takes for something else than text.
const NO_TEXT: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// A Service for one pod of a StatefulSet, to be added in the cluster of the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodService {
    name: String,
    namespace: String,
    pod: String,
    ports: Vec<ServicePort>,
}

/// A [`PodService`] that is missing, and where it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// What is to be added.
    pub service: PodService,
    /// The file, as it was given, of the Gateway that exports it.
    pub gateway: Arc<str>,
    /// Where that file stands.
    pub place: Place,
}

/// Whose files stand beside the Gateway that exports a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Those of the gateway's own cluster: the Service may stand there, too.
    GatewaysCluster,
    /// Those of the client's as well, where a Service of the alias's name would take its place.
    BothClusters,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ServicePort {
    name: String,
    number: u16,
    /// Where nothing is said Istio goes by the name.
    protocol: Option<String>,
}

impl PodService {
    /// The Service of an alias with these ports; `None` where Kubernetes would refuse it.
    pub(super) fn new(name: &str, namespace: &str, pod: &str, ports: &[&Port<'_>]) -> Option<Self> {
        let mut service = Self {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            pod: pod.to_owned(),
            ports: Vec::new(),
        };
        for port in ports.iter().filter(|port| port.transport != Transport::Udp) {
            let port = ServicePort::of(port)?;
            let clash = |other: &ServicePort| {
                other != &port && (other.name == port.name || other.number == port.number)
            };
            if service.ports.iter().any(clash) {
                return None;
            }
            if !service.ports.contains(&port) {
                service.ports.push(port);
            }
        }
        let names = [name, namespace, pod];
        let written = !service.ports.is_empty() && names.into_iter().all(is_label);
        written.then_some(service)
    }

    /// Its YAML, one key a line.
    #[must_use]
    pub fn document(&self) -> String {
        let Self { name, .. } = self;
        let (namespace, pod) = (text(&self.namespace), text(&self.pod));
        let mut out = format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: {namespace}\n\
             spec:\n  selector:\n    {POD_NAME}: {pod}\n  ports:\n"
        );
        for port in &self.ports {
            let _ = write!(
                out,
                "  - name: {}\n    port: {}\n",
                text(&port.name),
                port.number
            );
            if let Some(protocol) = &port.protocol {
                let _ = writeln!(out, "    appProtocol: {protocol}");
            }
        }
        out
    }

    /// The same as one line of YAML.
    #[must_use]
    pub fn line(&self) -> String {
        let port = |port: &ServicePort| {
            let protocol = port.protocol.iter();
            let protocol: String = protocol.map(|is| format!(", appProtocol: {is}")).collect();
            format!(
                "{{name: {}, port: {}{protocol}}}",
                text(&port.name),
                port.number
            )
        };
        let ports: Vec<_> = self.ports.iter().map(port).collect();
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: {}, namespace: {}}}, \
             spec: {{selector: {{{POD_NAME}: {}}}, ports: [{}]}}}}",
            self.name,
            text(&self.namespace),
            text(&self.pod),
            ports.join(", ")
        )
    }
}

impl ServicePort {
    /// `appProtocol` says of the Service's port what `protocol` says of the ServiceEntry's
    /// (`pkg/config/kube/conversion.go`).
    fn of(port: &Port<'_>) -> Option<Self> {
        let name = port.name.to_ascii_lowercase();
        let protocol = port.protocol.to_ascii_lowercase();
        let word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let written = is_label(&name) && protocol.bytes().all(word);
        Some(Self {
            number: port.number.filter(|_| written)?,
            name,
            protocol: Some(protocol).filter(|protocol| !protocol.is_empty()),
        })
    }
}

/// A label as YAML reads it back.
fn text(label: &str) -> String {
    let begins = label.starts_with(|c: char| c.is_ascii_alphabetic());
    match begins && !NO_TEXT.contains(&label) {
        true => label.to_owned(),
        false => format!("\"{label}\""),
    }
}
