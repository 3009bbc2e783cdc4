//! The kinds that steer proxies, with the fields that are emulated and no others.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

pub(super) type Labels = BTreeMap<String, String>;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ServiceEntry {
    pub(super) hosts: Vec<String>,
    #[serde(default)]
    pub(super) addresses: Vec<IpAddr>,
    pub(super) ports: Vec<EntryPort>,
    #[expect(dead_code, reason = "no other value is emulated")]
    location: Location,
    #[expect(dead_code, reason = "no other value is emulated")]
    resolution: Resolution,
    pub(super) endpoints: Vec<Endpoint>,
    #[serde(default)]
    pub(super) subject_alt_names: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct EntryPort {
    pub(super) number: u16,
    pub(super) name: String,
    pub(super) protocol: String,
    pub(super) target_port: Option<u16>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) enum Location {
    #[serde(rename = "MESH_INTERNAL")]
    MeshInternal,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) enum Resolution {
    #[serde(rename = "STATIC")]
    Static,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Endpoint {
    pub(super) address: IpAddr,
    #[serde(default)]
    pub(super) ports: BTreeMap<String, u16>,
    #[serde(default)]
    pub(super) labels: Labels,
    #[serde(default)]
    pub(super) service_account: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct DestinationRule {
    pub(super) host: String,
    pub(super) traffic_policy: TrafficPolicy,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrafficPolicy {
    pub(super) tls: RuleTls,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RuleTls {
    pub(super) mode: RuleMode,
    pub(super) sni: Option<String>,
    #[serde(default)]
    pub(super) subject_alt_names: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum RuleMode {
    Disable,
    IstioMutual,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gateway {
    pub(super) selector: Labels,
    pub(super) servers: Vec<Server>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Server {
    pub(super) port: ServerPort,
    #[expect(dead_code, reason = "no other mode is emulated")]
    tls: ServerTls,
    pub(super) hosts: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerPort {
    pub(super) number: u16,
    #[expect(dead_code, reason = "it changes nothing")]
    name: String,
    #[expect(dead_code, reason = "no other protocol is emulated")]
    protocol: ServerProtocol,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) enum ServerProtocol {
    #[serde(rename = "TLS")]
    Tls,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerTls {
    #[expect(dead_code, reason = "no other mode is emulated")]
    mode: ServerMode,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) enum ServerMode {
    #[serde(rename = "AUTO_PASSTHROUGH")]
    AutoPassthrough,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Service {
    #[serde(rename = "type")]
    #[expect(dead_code, reason = "those that are emulated are one to a proxy")]
    kind: Option<ServiceType>,
    #[serde(rename = "clusterIP")]
    #[expect(
        dead_code,
        reason = "a gateway knows the pods of headless ones, too (`cluster.go`)"
    )]
    cluster_ip: Option<String>,
    pub(super) selector: Labels,
    pub(super) ports: Vec<ServicePort>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) enum ServiceType {
    #[serde(rename = "ClusterIP")]
    ClusterIp,
    LoadBalancer,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ServicePort {
    pub(super) name: String,
    pub(super) port: u16,
    pub(super) target_port: Option<TargetPort>,
    pub(super) app_protocol: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum TargetPort {
    Number(u16),
    Name(String),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeerAuthentication {
    pub(super) selector: Option<Selector>,
    pub(super) mtls: Mtls,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mtls {
    pub(super) mode: super::PeerMode,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Selector {
    pub(super) match_labels: Labels,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthorizationPolicy {
    pub(super) selector: Option<Selector>,
    #[expect(dead_code, reason = "no other action is emulated")]
    action: Action,
    pub(super) rules: Vec<Rule>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) enum Action {
    #[serde(rename = "ALLOW")]
    Allow,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) from: Vec<From>,
    #[serde(default)]
    pub(super) to: Vec<To>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    pub(super) source: Principals,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Principals {
    pub(super) principals: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct To {
    pub(super) operation: Ports,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ports {
    pub(super) ports: Vec<String>,
}
