//! ServiceEntry: an alias, its port, and the gateways that lead to it.
//!
//! Fields and their rules: istio/api `networking/v1alpha3/service_entry.proto` and
//! `pkg/config/validation/validation.go` of istio/istio.

use std::net::IpAddr;

use crate::code::Code;
use crate::fields::{Field, Fields};
use crate::finding::Located;
use crate::hostname::{Hostname, HostnameError};
use crate::kinds::identities;
use crate::object::{Object, REMOTE_HOST, SERVICE_PORT, VERIFY_POD_NAME};
use crate::report::Report;
use crate::spiffe::SpiffePattern;

mod addresses;
mod endpoint;
mod port;
mod service_port;

pub(crate) use addresses::Allocated;
pub(crate) use endpoint::Endpoint;
pub(crate) use port::{Port, PortKind};
pub(crate) use service_port::ServicePort;

/// A ServiceEntry as far as it could be read.
#[derive(Clone, Debug)]
pub(crate) struct ServiceEntry {
    pub(crate) namespace: String,
    pub(crate) hosts: Vec<Located<Hostname>>,
    pub(crate) wildcards: Vec<Located<String>>,
    pub(crate) addresses: Vec<Located<IpAddr>>,
    pub(crate) allocated: Vec<Allocated>,
    pub(crate) ports: Vec<Port>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) identities: Vec<Located<SpiffePattern>>,
    pub(crate) remote_host: Option<Located<Hostname>>,
    /// The far end's certificate must carry the pod's name as well.
    pub(crate) verify_pod_name: bool,
    /// Ports in mode `service` that are not to be computed.
    pub(crate) service_ports: Vec<Located<ServicePort>>,
}

pub(crate) fn read<'a>(object: &Object<'a>, report: &'a Report) -> ServiceEntry {
    let mut spec = object.spec(report);
    let (hosts, wildcards) = hosts(&mut spec, report);
    let addresses = addresses::written(&mut spec, report);
    let ports = port::read_all(&mut spec, report);
    resolution(&mut spec);
    let endpoints = endpoint::read_all(&mut spec, &ports, report);
    let identities = identities::read(&mut spec, report);
    location(&mut spec);
    spec.harmless(&["exportTo"]);
    spec.refuse(
        &["workloadSelector"],
        "this side sees no pods of its own to select; list the gateways under endpoints",
    );
    spec.finish();
    object.check_annotations(&[REMOTE_HOST, SERVICE_PORT, VERIFY_POD_NAME], report);
    let service_ports = service_port::read(object, &hosts, &ports, report);
    ServiceEntry {
        namespace: object.namespace().to_owned(),
        hosts,
        wildcards,
        addresses,
        allocated: addresses::allocated(object, report),
        ports,
        endpoints,
        identities,
        remote_host: remote_host(object, report),
        verify_pod_name: verify_pod_name(object, report),
        service_ports,
    }
}

type Hosts = (Vec<Located<Hostname>>, Vec<Located<String>>);

fn hosts(spec: &mut Fields<'_>, report: &Report) -> Hosts {
    let (mut exact, mut wildcards) = (Vec::new(), Vec::new());
    let items = spec.list("hosts");
    if items.is_empty() {
        report.error(
            Code::EntryWithoutHost,
            spec.mark(),
            "spec.hosts needs at least one name",
        );
    }
    for item in items {
        let Some(text) = item.text() else { continue };
        match text.value.parse::<Hostname>() {
            Ok(host) => exact.push(report.locate(item.key, host)),
            Err(HostnameError::Wildcard) => {
                wildcards.push(report.locate(item.key, text.value.to_owned()));
            }
            Err(reason) => report.error(
                Code::EntryHost,
                item.key,
                no_name(&item, text.value, &reason),
            ),
        }
    }
    (exact, wildcards)
}

fn no_name(field: &Field<'_>, text: &str, reason: &HostnameError) -> String {
    format!("{} {text:?} is no DNS name: {reason}", field.path)
}

/// Endpoints are dialled as they are written, whatever it says.
fn resolution(spec: &mut Fields<'_>) {
    let known = ["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"];
    let Some(field) = spec.get("resolution") else {
        return;
    };
    if !field.node.text().is_some_and(|text| known.contains(&text)) {
        let _: Option<()> = field.wrong("NONE, STATIC, DNS, DNS_ROUND_ROBIN or DYNAMIC_DNS");
    }
}

fn location(spec: &mut Fields<'_>) {
    let Some(field) = spec.get("location") else {
        return;
    };
    if !matches!(field.node.text(), Some("MESH_EXTERNAL" | "MESH_INTERNAL")) {
        let _: Option<()> = field.wrong("MESH_EXTERNAL or MESH_INTERNAL");
    }
}

fn remote_host(object: &Object<'_>, report: &Report) -> Option<Located<Hostname>> {
    let text = object.annotation(REMOTE_HOST)?.text()?;
    match text.value.parse() {
        Ok(value) => Some(Located {
            value,
            origin: text.origin,
        }),
        Err(reason) => {
            let message = format!("{REMOTE_HOST} {:?} is no DNS name: {reason}", text.value);
            report.error(Code::Annotation, text.origin.mark(), message);
            None
        }
    }
}

/// What can't be read is an error, which takes the alias down: somebody wanted the check.
fn verify_pod_name(object: &Object<'_>, report: &Report) -> bool {
    let Some(text) = object.annotation(VERIFY_POD_NAME).and_then(Field::text) else {
        return false;
    };
    if !matches!(text.value, "true" | "false") {
        report.error_with_fix(
            Code::Annotation,
            text.origin.mark(),
            format!(
                "{VERIFY_POD_NAME} is \"true\" or \"false\", not {:?}",
                text.value
            ),
            "write \"true\"",
        );
    }
    text.value == "true"
}
