//! What is said of a route's making.

use super::alias::{Alias, NamedBy};
use crate::because::Because;
use crate::kinds::service_entry::Port;
use crate::peer::PeerRule;

/// All but its address, which is found last.
pub(super) fn making(alias: &Alias<'_>, port: &Port, peer: &PeerRule, sni: &str) -> Because {
    let mut told = Because::default();
    let entry = &alias.entry.value;
    let (host, at) = (&alias.host.value, &alias.host.origin);
    told.add(format!(
        "the alias {host} is a host of the ServiceEntry at {at}, and {} one of its ports at {}",
        port.number, port.origin
    ));
    let rule = alias.rule.map(|rule| &rule.loaded.value);
    let sni_at = rule.and_then(|rule| rule.tls.sni.as_ref());
    let remote = &alias.remote;
    told.add(match (alias.named_by, &entry.remote_host, sni_at) {
        (NamedBy::Annotation, Some(written), _) => format!(
            "it stands for {remote}, by the annotation eastwest.dev/remote-host at {}",
            written.origin
        ),
        (NamedBy::ServerName, _, Some(sni)) => format!(
            "it stands for {remote}, by tls.sni of the DestinationRule at {}",
            sni.origin
        ),
        _ => format!("it stands for {remote}, by the form of its name"),
    });
    for endpoint in &entry.endpoints {
        let origin = alias.entry.report.origin(endpoint.mark);
        let dialled = endpoint.port_for(port);
        told.add(format!(
            "the gateway {} is dialled at port {dialled}, by the endpoint at {origin}",
            endpoint.address
        ));
    }
    told.add(match (alias.server_name, sni_at) {
        (Some(_), Some(written)) => format!(
            "the server name {sni} is that of the DestinationRule at {}",
            written.origin
        ),
        _ => format!("the server name {sni} is made of the pod's name and the port"),
    });
    let expected = peer.to_string();
    told.add(match peer.origin() {
        Some(at) if at != &alias.host.origin => {
            format!("the far end must be {expected}, by the DestinationRule at {at}")
        }
        _ if entry.identities.is_empty() && !names_accounts(alias) => format!(
            "the far end must be {expected}: nothing says who, so it is whoever runs in the pod's namespace"
        ),
        _ => format!("the far end must be {expected}, by the ServiceEntry at {at}"),
    });
    limits(alias, &mut told);
    told
}

fn names_accounts(alias: &Alias<'_>) -> bool {
    let mut endpoints = alias.entry.value.endpoints.iter();
    endpoints.any(|endpoint| endpoint.service_account.is_some())
}

fn limits(alias: &Alias<'_>, told: &mut Because) {
    let Some(rule) = alias.rule.map(|rule| &rule.loaded.value) else {
        return;
    };
    let (pool, at) = (&rule.connection_pool, &rule.origin);
    if let Some(most) = pool.max_connections {
        told.add(format!(
            "at most {most} connections are open at once, by the DestinationRule at {at}"
        ));
    }
    if let Some(time) = pool.connect_timeout {
        told.add(format!(
            "a gateway has {time:?} to be connected to, by the DestinationRule at {at}"
        ));
    }
    if rule.outlier_detection.is_some() {
        told.add(format!(
            "when a gateway that fails is tried last is said by the DestinationRule at {at}"
        ));
    }
}
