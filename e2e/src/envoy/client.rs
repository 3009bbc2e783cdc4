//! The sidecar of a pod that calls: aliases in, mutual TLS to the gateway out.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use serde_json::{Value, json};

use super::bootstrap::{address, bootstrap, cluster, http, tcp_proxy, virtual_host};
use super::tls::{self, MaxTls};
use crate::istiod::{AppProtocol, ClientTls, Outbound};

/// What TCP offers (`util.go`), and what HTTP/1.1 offers with the filter `istio.alpn`
/// (`xds/filters/filters.go`).
const TCP: [&str; 2] = ["istio-peer-exchange", "istio"];
const HTTP: [&str; 3] = ["istio-http/1.1", "istio", "http/1.1"];

const ANY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
/// Where redirect rules bring what the app dials.
const CAPTURED: SocketAddr = SocketAddr::new(ANY, 15001);
/// Where what nobody knows ends.
const BLACK_HOLE: &str = "BlackHoleCluster";

/// Who calls, and with which TLS.
#[derive(Debug, Clone, Copy)]
pub struct ClientSidecar<'a> {
    /// The folder of its certificate.
    pub identity: &'a Path,
    /// The newest TLS that it speaks.
    pub max: MaxTls,
}

impl ClientSidecar<'_> {
    /// The configuration. Redirect rules bring it what the app dials; which of its listeners takes
    /// that is decided by the address that was dialled.
    #[must_use]
    pub fn config(&self, outbounds: &[Outbound]) -> Value {
        let captured = json!({
            "name": "virtualOutbound",
            "address": address(CAPTURED),
            "use_original_dst": true,
            "filter_chains": [{ "filters": [tcp_proxy(BLACK_HOLE)] }],
        });
        let listeners = listeners(outbounds).into_iter().map(|(at, filter)| {
            json!({
                "name": at.to_string(),
                "address": address(at),
                "bind_to_port": false,
                "filter_chains": [{ "filters": [filter] }],
            })
        });
        let listeners: Vec<_> = std::iter::once(captured).chain(listeners).collect();
        let clusters = outbounds.iter().map(|outbound| {
            let tls = outbound.tls.as_ref();
            let transport = tls.map(|tls| self.transport(outbound.protocol, tls));
            cluster(&name(outbound), &[outbound.endpoint], transport)
        });
        let black_hole = cluster(BLACK_HOLE, &[], None);
        let clusters: Vec<_> = clusters.chain([black_hole]).collect();
        bootstrap("client", &listeners, &clusters)
    }

    fn transport(&self, protocol: AppProtocol, tls: &ClientTls) -> Value {
        let alpn = match protocol {
            AppProtocol::Http => &HTTP[..],
            AppProtocol::Tcp => &TCP[..],
        };
        let sans = tls.identities.iter();
        let sans: Vec<_> = sans
            .map(|name| tls::uri(&json!({ "exact": name })))
            .collect();
        tls::client(self.identity, self.max, &tls.sni, alpn, &sans)
    }
}

fn name(outbound: &Outbound) -> String {
    format!("outbound|{}||{}", outbound.port, outbound.host)
}

/// All HTTP of a port has one listener, and is told apart by its host. TCP has one for each address,
/// or for all of them, and where there are two the first one has it (`listener.go`).
fn listeners(outbounds: &[Outbound]) -> BTreeMap<SocketAddr, Value> {
    let mut hosts: BTreeMap<u16, Vec<Value>> = BTreeMap::new();
    let mut listeners = BTreeMap::new();
    for outbound in outbounds {
        match outbound.protocol {
            AppProtocol::Http => hosts
                .entry(outbound.port)
                .or_default()
                .push(virtual_host(&domains(outbound), &name(outbound))),
            AppProtocol::Tcp => {
                let any = outbound.addresses.is_empty().then_some(ANY);
                for ip in outbound.addresses.iter().copied().chain(any) {
                    let at = SocketAddr::new(ip, outbound.port);
                    listeners
                        .entry(at)
                        .or_insert_with(|| tcp_proxy(&name(outbound)));
                }
            }
        }
    }
    for (port, hosts) in hosts {
        let filter = || http(&port.to_string(), &hosts, Vec::new());
        listeners
            .entry(SocketAddr::new(ANY, port))
            .or_insert_with(filter);
    }
    listeners
}

/// By what a request may name a host (`generateVirtualHostDomains`, `httproute.go`).
fn domains(outbound: &Outbound) -> Vec<String> {
    let addresses = outbound.addresses.iter().map(ToString::to_string);
    let names = std::iter::once(outbound.host.clone()).chain(addresses);
    names
        .flat_map(|name| [format!("{name}:{}", outbound.port), name])
        .collect()
}
