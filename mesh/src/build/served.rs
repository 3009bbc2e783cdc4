//! From aliases to routes, all but their addresses.

use std::num::NonZeroU16;

use super::alias::{Alias, NamedBy};
use super::{far_end, told, twice};
use crate::alias as convention;
use crate::code::Code;
use crate::finding::{Finding, Origin};
use crate::hostname::Hostname;
use crate::kinds::service_entry::{Endpoint, Port, PortKind};
use crate::peer::PeerRule;
use crate::route::{DownRoute, GatewayEndpoint, Protocol, Route};
use crate::sni::ServerName;

/// A route that lacks only its addresses and, in some modes, its own port to listen at.
pub(super) struct Candidate<'a> {
    pub(super) alias: &'a Alias<'a>,
    pub(super) route: Route,
    /// The port's line in the ServiceEntry.
    pub(super) port_origin: &'a Origin,
    /// It has a claim to its address and port like any other, and is not served.
    pub(super) withheld: bool,
}

/// The routes of all aliases; what can't be served goes to `down` with its reason.
pub(super) fn candidates<'a>(
    aliases: &'a [Alias<'a>],
    domain: &Hostname,
    down: &mut Vec<DownRoute>,
) -> Vec<Candidate<'a>> {
    let mut found = Vec::new();
    for alias in aliases {
        if alias.entry.value.endpoints.is_empty() && alias.broken.is_none() {
            without_endpoints(alias);
            continue;
        }
        let peer = match usable(alias, domain) {
            Ok(peer) => peer,
            Err(reason) => {
                down.push(alias.down(None, reason));
                continue;
            }
        };
        for port in &alias.entry.value.ports {
            match route(alias, port, &peer, domain) {
                Ok(route) => found.push(Candidate {
                    alias,
                    route,
                    port_origin: &port.origin,
                    withheld: false,
                }),
                Err(reason) => down.push(alias.down(Some(port.number), reason)),
            }
        }
    }
    twice::settle(found, down)
}

/// On a gateway, an alias that says which pod it stands for needs no endpoints.
fn without_endpoints(alias: &Alias<'_>) {
    let (report, mark) = (&alias.entry.report, alias.host.origin.mark());
    let message = format!(
        "{} has no endpoints, so no client is served by it",
        alias.host.value
    );
    match alias.named_by {
        NamedBy::Annotation => report.note(Code::NothingToServe, mark, message),
        NamedBy::ServerName | NamedBy::Convention => {
            report.warning_with_fix(
                Code::NothingToServe,
                mark,
                message,
                "list the gateways under endpoints",
            );
        }
    }
}

impl Alias<'_> {
    pub(super) fn down(&self, port: Option<NonZeroU16>, reason: Finding) -> DownRoute {
        let alias = self.host.value.clone();
        DownRoute {
            alias,
            port,
            reason: reason.message,
            origin: reason.origin,
        }
    }

    /// Reports an error about this alias alone, and gives it back as the reason.
    pub(super) fn error(
        &self,
        code: Code,
        origin: &Origin,
        message: String,
        fix: String,
    ) -> Finding {
        self.entry
            .report
            .error_with_fix(code, origin.mark(), &message, fix);
        because(code, origin, message)
    }
}

/// A reason that is reported elsewhere.
pub(super) fn because(code: Code, origin: &Origin, message: String) -> Finding {
    Finding {
        code,
        severity: crate::finding::Severity::Error,
        origin: origin.clone(),
        message,
        fix: None,
    }
}

/// Whether the alias can be served at all; if so, who must be at its far end.
fn usable(alias: &Alias<'_>, domain: &Hostname) -> Result<PeerRule, Finding> {
    if let Some(reason) = &alias.broken {
        return Err(reason.clone());
    }
    far_end::check_mode(alias)?;
    let host = alias.host;
    if alias.entry.value.ports.is_empty() {
        let message = format!("{} has no ports, so there is nothing to dial", host.value);
        let fix = "add ports: [{number: 3306, name: mysql, protocol: TCP}]";
        return Err(alias.error(Code::NothingToServe, &host.origin, message, fix.to_owned()));
    }
    far_end::peer_rule(alias, domain).ok_or_else(|| {
        let message = format!(
            "who must be at the far end of {} is not known: {} is no name of the form \
             POD.SERVICE.NAMESPACE.svc.{domain}, so no namespace follows from it",
            host.value, alias.remote
        );
        let fix = "add subjectAltNames: [spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT]";
        alias.error(Code::FarEndUnknown, &host.origin, message, fix.to_owned())
    })
}

fn route(
    alias: &Alias<'_>,
    port: &Port,
    peer: &PeerRule,
    domain: &Hostname,
) -> Result<Route, Finding> {
    let host = &alias.host.value;
    if port.kind == PortKind::Udp {
        let message = format!("{host}:{} is UDP, and only TCP is carried", port.number);
        return Err(alias.error(
            Code::NotSupported,
            &port.origin,
            message,
            "take the port out".to_owned(),
        ));
    }
    let name = server_name(alias, port, domain)?;
    let rule = alias.rule.map(|rule| &rule.loaded.value);
    let because = told::making(alias, port);
    Ok(Route {
        alias: host.clone(),
        port: port.number,
        listen_port: port.number,
        protocol: protocol(port),
        virtual_ips: Vec::new(),
        remote: alias.remote.clone(),
        remote_port: name.port.unwrap_or(port.number),
        sni: name.text,
        gateways: alias
            .entry
            .value
            .endpoints
            .iter()
            .map(|e| gateway(alias, e, port))
            .collect(),
        peer: peer.clone(),
        certificate_name: (alias.entry.value.verify_pod_name).then(|| alias.remote.clone()),
        outlier_detection: rule.and_then(|rule| rule.outlier_detection),
        connection_pool: rule.map(|rule| rule.connection_pool).unwrap_or_default(),
        origin: alias.host.origin.clone(),
        because,
    })
}

/// What the port says of its app: its protocol, or where that is any stream, its name (as Istio takes
/// `mysql-...`), or MySQL's number.
fn protocol(port: &Port) -> Protocol {
    const MYSQL: u16 = 3306;
    match port.kind {
        PortKind::Http => Protocol::Http,
        PortKind::MySql => Protocol::MySql,
        _ if port.number.get() == MYSQL || port.name.starts_with("mysql") => Protocol::MySql,
        _ => Protocol::Other,
    }
}

/// What to send: the rule's name as it stands, else Istio's form of the remote host.
fn server_name(alias: &Alias<'_>, port: &Port, domain: &Hostname) -> Result<ServerName, Finding> {
    if let Some(name) = alias.server_name {
        // An alias of the convention is the pod by another name: every gateway of ours knows it.
        let by_convention = convention::remote_host(&name.host, domain);
        if name.host != alias.remote && by_convention.as_ref() != Some(&alias.remote) {
            let message = format!(
                "{} leads to {} by its annotation, and to {} by its DestinationRule's tls.sni; \
                 the sni is what is sent, the annotation says who must be there",
                alias.host.value, alias.remote, name.host
            );
            alias
                .entry
                .report
                .warning(Code::TwoTargets, alias.host.origin.mark(), message);
        }
        return Ok(name.clone());
    }
    ServerName::istio(&alias.remote, port.number).map_err(|reason| {
        let message = format!("no server name can be made of {}: {reason}", alias.remote);
        alias.error(
            Code::RuleServerName,
            &alias.host.origin,
            message,
            "use a shorter name".to_owned(),
        )
    })
}

fn gateway(alias: &Alias<'_>, endpoint: &Endpoint, port: &Port) -> GatewayEndpoint {
    if endpoint.mapped(port).is_none() && port.target.is_none() {
        let message = format!(
            "the endpoint gives no port for {}, so {} is dialled at {}, where no gateway is likely \
             to listen",
            port.name, endpoint.address, port.number
        );
        let fix = format!("add ports: {{{}: 15443}} to the endpoint", port.name);
        alias
            .entry
            .report
            .warning_with_fix(Code::NotEastWestPort, endpoint.mark, message, fix);
    }
    GatewayEndpoint {
        address: endpoint.address.clone(),
        port: endpoint.port_for(port),
        weight: endpoint.weight,
        locality: endpoint.locality.clone(),
    }
}
