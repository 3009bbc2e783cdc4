//! Ports at which an east-west gateway is dialled, and ports that nobody has.
//!
//! A port of the ServiceEntry without an entry under the endpoint's `ports` is dialled as it is
//! (`serviceentry/conversion.go`), so that 3306 goes to the gateway as 3306.

use super::edit::Edit;
use super::entry::{Endpoint, Entry, Port, Transport};
use super::world::World;
use crate::Hostname;
use crate::alias;
use crate::code::Code;
use crate::finding::Severity;
use crate::kinds::gateway::EAST_WEST_PORT;

pub(super) fn check(world: &World<'_>) {
    let domain = &world.options.cluster_domain;
    for entry in &world.entries {
        let is_alias = |host: &Hostname| alias::remote_host(host, domain).is_some();
        let stands_for_a_pod = entry.names().any(|(host, _)| is_alias(&host));
        // Beside a gateway there may be endpoints of the cluster itself.
        let unclear = !entry.is_east_west() && stands_for_a_pod;
        let meant = |endpoint: &&Endpoint<'_>| {
            entry.is_gateway(endpoint) || (unclear && endpoint.is_over_tcp())
        };
        for endpoint in entry.endpoints.iter().filter(meant) {
            for port in &entry.ports {
                check_port(entry, endpoint, port);
            }
        }
    }
}

fn check_port(entry: &Entry<'_>, endpoint: &Endpoint<'_>, port: &Port<'_>) {
    let Some(dialled) = endpoint.dialled(port) else {
        return;
    };
    if dialled == EAST_WEST_PORT || port.transport == Transport::Udp || port.name.is_empty() {
        return;
    }
    // A gateway may listen elsewhere, if somebody says so; the app's own port is said by nobody.
    let said = endpoint.mapped(port).is_some() || port.node.get("targetPort").is_some();
    let at = endpoint
        .mapped(port)
        .map_or_else(|| endpoint.mark(), |node| node.mark);
    let severity = match said {
        true => Severity::Warning,
        false => Severity::Error,
    };
    let message = format!(
        "port {} is dialled at the gateway as {dialled}, and an east-west gateway listens on \
         {EAST_WEST_PORT}",
        port.name
    );
    let (name, ports) = (port.name, endpoint.node.get("ports"));
    let fix = format!("write ports: {{{name}: {EAST_WEST_PORT}}} under the endpoint");
    let pair = format!("{name}: {EAST_WEST_PORT}");
    let edit = match (said, ports) {
        (true, _) => None,
        (false, Some(ports)) => Edit::add_below(entry.item, endpoint.node, ports, &pair),
        (false, None) => {
            let line = format!("ports: {{{pair}}}");
            Edit::add(entry.item, endpoint.node, "address", &line)
        }
    };
    entry
        .item
        .tell((severity, Code::NotEastWestPort), at, message, fix, edit);
}
