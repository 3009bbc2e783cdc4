//! What the same files would do in stock Istio, where that is not what they do here.
//!
//! Read from istio/istio: SNI `cluster_builder.go`, TLS of inline endpoints
//! `serviceentry/conversion.go`, shared TCP listeners `listener.go`.

use std::collections::HashMap;
use std::num::NonZeroU16;

use super::alias::{Alias, NamedBy};
use crate::code::Code;
use crate::kinds::destination_rule::Mode;
use crate::kinds::service_entry::{PortKind, Resolution};
use crate::route::Address;
use crate::virtual_ip::{Capture, computed};

/// Warns of what would not work if an Istio sidecar took the shim's place.
pub(super) fn compare(aliases: &[Alias<'_>]) {
    let routes: Vec<_> = aliases
        .iter()
        .filter(|alias| alias.broken.is_none() && !alias.entry.value.endpoints.is_empty())
        .collect();
    let mut shared: HashMap<NonZeroU16, usize> = HashMap::new();
    for alias in &routes {
        for port in tcp_ports_without_address(alias) {
            *shared.entry(port).or_default() += 1;
        }
    }
    for alias in routes {
        server_name(alias);
        tls_off(alias);
        resolution(alias);
        shared_listener(alias, &shared);
    }
}

fn server_name(alias: &Alias<'_>) {
    if alias.named_by == NamedBy::ServerName || alias.server_name.is_some() {
        return;
    }
    let (host, remote) = (&alias.host.value, &alias.remote);
    alias.entry.report.warning(
        Code::UnknownServerName,
        alias.host.origin.mark(),
        format!(
            "in stock Istio the server name is made from {host}, which no gateway of the other \
             cluster has among its services, and the connection is reset (istio#45173, \
             istio#38327); here {} leads to {remote}",
            alias.named_by.described()
        ),
    );
}

fn tls_off(alias: &Alias<'_>) {
    let mode = alias.rule.and_then(|rule| rule.loaded.value.tls.mode);
    if matches!(mode, Some((Mode::IstioMutual, _))) {
        return;
    }
    for endpoint in alias
        .entry
        .value
        .endpoints
        .iter()
        .filter(|endpoint| !endpoint.istio_mtls)
    {
        alias.entry.report.warning_with_fix(
            Code::Plaintext,
            endpoint.mark,
            "in stock Istio this endpoint gets plain text: it has neither a serviceAccount nor the \
             label security.istio.io/tlsMode: istio; here mTLS is always used",
            "add serviceAccount, which also pins who must be there",
        );
    }
}

fn resolution(alias: &Alias<'_>) {
    let entry = &alias.entry.value;
    match entry.resolution {
        Resolution::None => alias.entry.report.warning_with_fix(
            Code::EndpointsWithNone,
            entry.origin.mark(),
            "Istio refuses endpoints with resolution NONE, which is the default",
            "write resolution: STATIC for IP addresses, DNS for names",
        ),
        Resolution::Static => {
            let named = |address: &Address| matches!(address, Address::Name(_));
            for endpoint in entry
                .endpoints
                .iter()
                .filter(|endpoint| named(&endpoint.address))
            {
                alias.entry.report.warning_with_fix(
                    Code::StaticName,
                    endpoint.mark,
                    "Istio refuses a DNS name with resolution STATIC; here it is looked up again \
                     as its TTL says",
                    "write resolution: DNS",
                );
            }
        }
        Resolution::Dns => {}
    }
}

fn shared_listener(alias: &Alias<'_>, shared: &HashMap<NonZeroU16, usize>) {
    for port in tcp_ports_without_address(alias) {
        if shared.get(&port).is_none_or(|&entries| entries < 2) {
            continue;
        }
        let example = computed(&alias.host.value, Capture::Redirect);
        alias.entry.report.warning_with_fix(
            Code::SharedListener,
            alias.host.origin.mark(),
            format!(
                "in stock Istio all TCP ServiceEntries on port {port} without addresses share one \
                 listener, and the first wins: a replica would silently follow another source \
                 (istio#11741); here every alias has an address of its own"
            ),
            format!("add addresses: [{example}]"),
        );
    }
}

fn tcp_ports_without_address(alias: &Alias<'_>) -> Vec<NonZeroU16> {
    let entry = &alias.entry.value;
    if !entry.addresses.is_empty() || !entry.allocated.is_empty() {
        return Vec::new();
    }
    let tcp = entry.ports.iter().filter(|port| port.kind == PortKind::Tcp);
    tcp.map(|port| port.number).collect()
}
