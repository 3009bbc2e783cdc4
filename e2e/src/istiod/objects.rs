//! The objects of one cluster, by kind.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Unsupported;
use super::kinds::{
    AuthorizationPolicy, DestinationRule, Gateway, Labels, PeerAuthentication, Service,
    ServiceEntry,
};

/// Kinds that say nothing to proxies. A NetworkPolicy is the network's business.
const PASSED_OVER: [&str; 3] = ["ConfigMap", "NetworkPolicy", "ServiceAccount"];
/// Kinds of which there are pods.
const WORKLOADS: [&str; 3] = ["Deployment", "PerconaXtraDBCluster", "StatefulSet"];

/// An object's name, and what it says.
#[derive(Debug, Clone)]
pub(super) struct Named<T> {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) spec: T,
}

/// All that is applied to a cluster.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    pub(super) service_entries: Vec<Named<ServiceEntry>>,
    pub(super) destination_rules: Vec<Named<DestinationRule>>,
    pub(super) gateways: Vec<Named<Gateway>>,
    pub(super) services: Vec<Named<Service>>,
    pub(super) peer_authentications: Vec<Named<PeerAuthentication>>,
    pub(super) authorization_policies: Vec<Named<AuthorizationPolicy>>,
    /// Namespaces in which sidecars are injected.
    pub(super) injected: Vec<String>,
    /// Workloads as they stand.
    pub(super) workloads: Vec<Named<Value>>,
}

#[derive(Deserialize)]
struct Head {
    kind: String,
    metadata: Metadata,
    #[serde(default)]
    spec: Value,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    labels: Labels,
}

impl Objects {
    /// Reads them.
    ///
    /// # Errors
    /// Where one has what is not emulated.
    pub fn read(objects: &[Value]) -> Result<Self, Unsupported> {
        let mut read = Self::default();
        for object in objects {
            let head = Head::deserialize(object)
                .map_err(|error| Unsupported::new(format!("{error} in {object}")))?;
            read.add(head)?;
        }
        Ok(read)
    }

    fn add(&mut self, head: Head) -> Result<(), Unsupported> {
        match head.kind.as_str() {
            "ServiceEntry" => self.service_entries.push(named(head)?),
            "DestinationRule" => self.destination_rules.push(named(head)?),
            "Gateway" => self.gateways.push(named(head)?),
            "Service" => self.services.push(named(head)?),
            "PeerAuthentication" => self.peer_authentications.push(named(head)?),
            "AuthorizationPolicy" => self.authorization_policies.push(named(head)?),
            "Namespace" => {
                let injection = head.metadata.labels.get("istio-injection");
                if injection.is_some_and(|is| is == "enabled") {
                    self.injected.push(head.metadata.name);
                }
            }
            kind if WORKLOADS.contains(&kind) => self.workloads.push(named(head)?),
            kind if PASSED_OVER.contains(&kind) => {}
            kind => return Err(Unsupported::new(format!("kind {kind}"))),
        }
        Ok(())
    }
}

fn named<T: DeserializeOwned>(head: Head) -> Result<Named<T>, Unsupported> {
    let Metadata {
        name, namespace, ..
    } = head.metadata;
    let spec = serde_json::from_value(head.spec)
        .map_err(|error| Unsupported::new(format!("{} {namespace}/{name}: {error}", head.kind)))?;
    Ok(Named {
        name,
        namespace,
        spec,
    })
}
