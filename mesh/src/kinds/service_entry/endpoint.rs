//! `ServiceEntry.spec.endpoints`: the gateways.

use std::net::IpAddr;
use std::num::NonZeroU16;

use super::Port;
use crate::code::Code;
use crate::fields::{Field, Fields};
use crate::hostname::Hostname;
use crate::report::Report;
use crate::route::Address;
use crate::yaml::Mark;

/// One endpoint of a ServiceEntry.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: Address,
    pub(crate) ports: Vec<(String, NonZeroU16)>,
    pub(crate) weight: Option<u32>,
    pub(crate) locality: Option<String>,
    pub(crate) service_account: Option<String>,
    pub(crate) mark: Mark,
}

impl Endpoint {
    /// The port dialled for `port`: the endpoint's own, else `targetPort`, else the number
    /// (`serviceentry/conversion.go`).
    pub(crate) fn port_for(&self, port: &Port) -> NonZeroU16 {
        self.mapped(port).or(port.target).unwrap_or(port.number)
    }

    /// The port that the endpoint itself gives for `port`.
    pub(crate) fn mapped(&self, port: &Port) -> Option<NonZeroU16> {
        self.ports
            .iter()
            .find(|(name, _)| *name == port.name)
            .map(|(_, number)| *number)
    }
}

pub(super) fn read_all(spec: &mut Fields<'_>, ports: &[Port], report: &Report) -> Vec<Endpoint> {
    spec.list("endpoints")
        .iter()
        .filter_map(|item| read(item, ports, report))
        .collect()
}

fn read(item: &Field<'_>, ports: &[Port], report: &Report) -> Option<Endpoint> {
    let mut fields = item.fields();
    let address = fields.get("address");
    let mapped = mapped_ports(&mut fields, ports, report);
    fields.text_map("labels");
    let network = fields.get("network");
    let locality = fields
        .text("locality")
        .map(|locality| locality.value.to_owned());
    let weight = fields.get("weight").and_then(|field| field.whole_number());
    let service_account = service_account(&mut fields, report);
    fields.finish();
    if let (Some(network), Some(_)) = (&network, &address) {
        let message = format!(
            "{} has no effect here: the address is dialled as it stands, where Istio may take \
             the network's own gateway",
            network.path
        );
        report.warning(Code::NoEffect, network.key, message);
    }
    let Some(address) = address else {
        let message = format!(
            "{} needs an address: the gateway's IP or DNS name",
            item.path
        );
        report.error(Code::EndpointNotDialled, item.key, message);
        return None;
    };
    Some(Endpoint {
        mark: address.node.mark,
        address: read_address(&address, report)?,
        ports: mapped,
        weight: weight.filter(|&weight| weight > 0),
        locality: locality.filter(|locality| !locality.is_empty()),
        service_account,
    })
}

fn read_address(field: &Field<'_>, report: &Report) -> Option<Address> {
    let text = field.text()?.value;
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(Address::Ip(ip));
    }
    if text.starts_with("unix://") {
        let path = &field.path;
        let message = format!("{path} is a Unix socket, and a gateway is reached over TCP");
        report.error(Code::EndpointNotDialled, field.node.mark, message);
        return None;
    }
    match text.parse::<Hostname>() {
        Ok(name) => Some(Address::Name(name)),
        Err(reason) => {
            let path = &field.path;
            let message =
                format!("{path} {text:?} is neither an IP address nor a DNS name: {reason}");
            report.error(Code::EndpointAddress, field.node.mark, message);
            None
        }
    }
}

/// `ports` of an endpoint: by the name of a port of the ServiceEntry.
fn mapped_ports(
    fields: &mut Fields<'_>,
    ports: &[Port],
    report: &Report,
) -> Vec<(String, NonZeroU16)> {
    let mut mapped = Vec::new();
    for (name, field) in fields
        .get("ports")
        .map(|field| field.values())
        .unwrap_or_default()
    {
        let Some(number) = field.port() else { continue };
        // After another fault the port may just not have been read.
        if !report.failed() && !ports.iter().any(|port| port.name == name) {
            let names: Vec<_> = ports.iter().map(|port| port.name.as_str()).collect();
            let message = format!(
                "{} names no port of this ServiceEntry; its ports are named {}",
                field.path,
                names.join(", ")
            );
            report.error(Code::EndpointPort, field.key, message);
        }
        mapped.push((name.to_owned(), number.value));
    }
    mapped
}

fn service_account(fields: &mut Fields<'_>, report: &Report) -> Option<String> {
    let field = fields.get("serviceAccount")?;
    let account = field.text()?.value;
    if account.contains('/') {
        let message = format!(
            "{} {account:?} must be the account's name alone",
            field.path
        );
        let fix = "write a full identity under subjectAltNames";
        report.error_with_fix(Code::EndpointAccount, field.node.mark, message, fix);
    }
    (!account.is_empty()).then(|| account.to_owned())
}
