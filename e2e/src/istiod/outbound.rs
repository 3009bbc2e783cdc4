//! What the sidecar of a client gets of the ServiceEntries and DestinationRules of its cluster.

use std::net::{IpAddr, SocketAddr};

use super::kinds::{EntryPort, RuleMode, RuleTls, ServiceEntry};
use super::objects::Named;
use super::{AppProtocol, DOMAIN, Objects, TLS_MODE, Unsupported};

/// One port of one host.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// What the app asks for.
    pub host: String,
    /// The port that it dials.
    pub port: u16,
    /// What it speaks.
    pub protocol: AppProtocol,
    /// The addresses that stand for the host, if any are written.
    pub addresses: Vec<IpAddr>,
    /// Where the sidecar dials.
    pub endpoint: SocketAddr,
    /// The TLS that it wraps the bytes in; none is plain text.
    pub tls: Option<ClientTls>,
}

/// Istio's mutual TLS, from the client.
#[derive(Debug, Clone)]
pub struct ClientTls {
    /// The server name.
    pub sni: String,
    /// Who may be at the far end; with none, whoever the root vouches for.
    pub identities: Vec<String>,
}

impl Objects {
    /// What clients of this cluster may dial, in the order of the objects.
    ///
    /// # Errors
    /// Where something is not emulated.
    pub fn outbounds(&self) -> Result<Vec<Outbound>, Unsupported> {
        let mut outbounds = Vec::new();
        for entry in &self.service_entries {
            for host in &entry.spec.hosts {
                for port in &entry.spec.ports {
                    outbounds.push(self.outbound(entry, host, port)?);
                }
            }
        }
        Ok(outbounds)
    }

    fn outbound(
        &self,
        entry: &Named<ServiceEntry>,
        host: &str,
        port: &EntryPort,
    ) -> Result<Outbound, Unsupported> {
        let [endpoint] = entry.spec.endpoints.as_slice() else {
            return Err(Unsupported::new(format!(
                "{host} has not just one endpoint"
            )));
        };
        let rule = self.rule(host)?;
        // Endpoint's own, `targetPort`, number (`serviceentry/conversion.go`).
        let mapped = endpoint.ports.get(&port.name).copied();
        let dialled = mapped.or(port.target_port).unwrap_or(port.number);
        let by_label = endpoint.labels.get(TLS_MODE).map(|mode| mode == "istio");
        let by_account = !endpoint.service_account.is_empty();
        // A rule outweighs what the endpoint says (`cluster_tls.go`).
        let mutual = match rule.map(|rule| rule.mode) {
            Some(mode) => mode == RuleMode::IstioMutual,
            None => by_label.unwrap_or(by_account),
        };
        let by_rule = rule.and_then(|rule| rule.sni.clone());
        // `BuildDNSSrvSubsetKey`, `service.go`.
        let by_default = format!("outbound_.{}_._.{host}", port.number);
        let tls = mutual.then(|| ClientTls {
            sni: by_rule.unwrap_or(by_default),
            identities: identities(entry, rule),
        });
        Ok(Outbound {
            host: host.to_owned(),
            port: port.number,
            protocol: AppProtocol::declared(&port.protocol)?,
            addresses: entry.spec.addresses.clone(),
            endpoint: SocketAddr::new(endpoint.address, dialled),
            tls,
        })
    }

    fn rule(&self, host: &str) -> Result<Option<&RuleTls>, Unsupported> {
        let rules = self.destination_rules.iter();
        let short = |name: &str| name.contains('*') || !name.contains('.');
        if let Some(rule) = rules.clone().find(|rule| short(&rule.spec.host)) {
            let host = &rule.spec.host;
            return Err(Unsupported::new(format!("DestinationRule for {host}")));
        }
        let mut rules = rules.filter(|rule| rule.spec.host == host);
        match (rules.next(), rules.next()) {
            (first, None) => Ok(first.map(|rule| &rule.spec.traffic_policy.tls)),
            _ => Err(Unsupported::new(format!("two DestinationRules for {host}"))),
        }
    }
}

/// Those of the rule, else the entry's and its endpoint's (`push_context.go`).
fn identities(entry: &Named<ServiceEntry>, rule: Option<&RuleTls>) -> Vec<String> {
    let by_rule = rule.map_or(&[][..], |rule| &rule.subject_alt_names);
    if !by_rule.is_empty() {
        return by_rule.to_vec();
    }
    let accounts = entry
        .spec
        .endpoints
        .iter()
        .map(|endpoint| &endpoint.service_account);
    let accounts = accounts.filter(|account| !account.is_empty());
    let namespace = &entry.namespace;
    let accounts = accounts.map(|account| format!("spiffe://{DOMAIN}/ns/{namespace}/sa/{account}"));
    let written = entry.spec.subject_alt_names.iter().cloned();
    written.chain(accounts).collect()
}
