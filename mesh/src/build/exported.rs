//! What the Gateways in the files allow, and how an allowed name is dialled.

use std::collections::HashSet;

use super::alias::{Alias, NamedBy};
use super::rules::Rules;
use crate::code::Code;
use crate::exports::{DialPort, Exports, HostPattern};
use crate::finding::Located;
use crate::hostname::Hostname;
use crate::kinds::gateway::{Gateway, Server};
use crate::kinds::service_entry::ServiceEntry;
use crate::manifest::{Loaded, Manifest};

pub(super) fn exports(
    manifest: &Manifest,
    aliases: &[Alias<'_>],
    rules: &Rules<'_>,
    domain: &Hostname,
) -> Exports {
    let mut exports = Exports::new(domain.clone());
    for alias in aliases.iter().filter(|alias| alias.broken.is_none()) {
        if alias.named_by == NamedBy::Annotation {
            exports.map_alias(alias.host.value.clone(), alias.remote.clone());
        }
    }
    for (host, name) in rules.server_names() {
        exports.map_alias(host.clone(), name.host.clone());
    }
    let hosts: HashSet<&Hostname> = aliases.iter().map(|alias| &alias.host.value).collect();
    for entry in manifest
        .service_entries
        .iter()
        .filter(|entry| !entry.report.failed())
    {
        dial_ports(entry, &hosts, &mut exports);
    }
    for gateway in manifest
        .gateways
        .iter()
        .filter(|gateway| !gateway.report.failed())
    {
        for server in &gateway.value.servers {
            allow(server, gateway, domain, &mut exports);
        }
    }
    exports
}

/// A ServiceEntry of the gateway's own cluster, about a pod's own name.
fn dial_ports(entry: &Loaded<ServiceEntry>, aliases: &HashSet<&Hostname>, exports: &mut Exports) {
    let entry = &entry.value;
    for host in entry
        .hosts
        .iter()
        .filter(|host| !aliases.contains(&host.value))
    {
        for port in &entry.ports {
            let first = entry
                .endpoints
                .first()
                .map(|endpoint| endpoint.port_for(port));
            let dial = first.or(port.target).unwrap_or(port.number);
            exports.add_dial_port(
                host.value.clone(),
                DialPort {
                    number: port.number,
                    dial,
                },
            );
        }
    }
}

fn allow(server: &Server, gateway: &Loaded<Gateway>, domain: &Hostname, exports: &mut Exports) {
    for host in &server.hosts {
        if exports_everything(host, domain) {
            gateway.report.warning_with_fix(
                Code::ExportsEverything,
                host.origin.mark(),
                "this exports every service of the cluster; in stock Istio a client with any \
                 certificate of the mesh reaches all of them, here only what listens on the shim's \
                 inbound port",
                format!("name what is meant, such as *.NAMESPACE.svc.{domain}"),
            );
        }
        exports.allow(server.dialect, host.value.clone(), host.origin.clone());
    }
}

fn exports_everything(host: &Located<HostPattern>, domain: &Hostname) -> bool {
    match &host.value {
        HostPattern::All => true,
        HostPattern::Below(suffix) => {
            suffix == domain
                || domain.is_below(suffix)
                || suffix.strip_domain(domain) == Some("svc")
        }
        HostPattern::Exact(_) => false,
    }
}
