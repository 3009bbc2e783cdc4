//! What is remembered of a route's making.

use super::alias::{Alias, NamedBy};
use crate::because::{AddressBy, Because, FarEndBy, RemoteBy};
use crate::kinds::service_entry::Port;

/// All but its addresses, which are found last.
pub(super) fn making(alias: &Alias<'_>, port: &Port) -> Because {
    let entry = &alias.entry.value;
    let rule = alias.rule.map(|rule| &rule.loaded.value);
    let sni = rule.and_then(|rule| rule.tls.sni.as_ref());
    let sni = sni.map(|sni| sni.origin.clone());
    let endpoints = entry.endpoints.iter();
    let says_nobody = entry.identities.is_empty() && !names_accounts(alias);
    Because {
        port: port.origin.clone(),
        remote: match (alias.named_by, &entry.remote_host, &sni) {
            (NamedBy::Annotation, Some(written), _) => RemoteBy::Annotation(written.origin.clone()),
            (NamedBy::ServerName, _, Some(sni)) => RemoteBy::ServerName(sni.clone()),
            _ => RemoteBy::Form,
        },
        gateways: endpoints
            .map(|endpoint| alias.entry.report.origin(endpoint.mark))
            .collect(),
        server_name: sni.filter(|_| alias.server_name.is_some()),
        far_end: match says_nobody {
            true => FarEndBy::Nothing,
            false => FarEndBy::Object,
        },
        rule: rule.map(|rule| rule.origin.clone()),
        addresses: AddressBy::Name,
        written: Vec::new(),
    }
}

fn names_accounts(alias: &Alias<'_>) -> bool {
    let mut endpoints = alias.entry.value.endpoints.iter();
    endpoints.any(|endpoint| endpoint.service_account.is_some())
}
