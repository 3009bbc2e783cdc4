//! Pods, as far as istiod looks at them.

use std::net::IpAddr;

use serde_json::Value;

use super::kinds::Labels;
use super::objects::Named;
use super::{Objects, TLS_MODE, Unsupported};

/// What Kubernetes labels each pod of a StatefulSet with.
const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
const INJECT: &str = "sidecar.istio.io/inject";

/// A pod that runs.
#[derive(Debug, Clone)]
pub struct Pod {
    pub(super) namespace: String,
    pub(super) ip: IpAddr,
    pub(super) labels: Labels,
    /// Ports of its containers, by name.
    pub(super) ports: Vec<(String, u16)>,
}

impl Pod {
    /// A pod of a StatefulSet with Istio's sidecar, of which nothing else matters.
    #[must_use]
    pub fn injected(namespace: &str, name: &str, ip: IpAddr) -> Self {
        let labels = [(POD_NAME, name), (TLS_MODE, "istio")];
        Self {
            namespace: namespace.to_owned(),
            ip,
            labels: labels.map(|(key, value)| (key.into(), value.into())).into(),
            ports: Vec::new(),
        }
    }

    pub(super) fn is_selected(&self, namespace: &str, selector: &Labels) -> bool {
        let has = |(key, value): (&String, &String)| self.labels.get(key) == Some(value);
        self.namespace == namespace && selector.iter().all(has)
    }

    /// Whether it takes mutual TLS: others are left out of what a gateway passes to
    /// (`ep_filters.go`).
    pub(super) fn speaks_tls(&self) -> bool {
        self.labels
            .get(TLS_MODE)
            .is_some_and(|mode| mode == "istio")
    }
}

impl Objects {
    /// The pod of that name, as its workload makes it.
    ///
    /// # Errors
    /// When no workload has such a pod.
    pub fn pod(&self, namespace: &str, name: &str, ip: IpAddr) -> Result<Pod, Unsupported> {
        let of_namespace = self.workloads.iter();
        let mut workloads = of_namespace.filter(|workload| workload.namespace == namespace);
        let template = workloads.find_map(|workload| Template::of(workload, name));
        let template =
            template.ok_or_else(|| Unsupported::new(format!("no workload has the pod {name}")))?;
        let mut labels = template.labels;
        let injected = labels.get(INJECT).is_none_or(|inject| inject == "true");
        labels.insert(POD_NAME.to_owned(), name.to_owned());
        // The injection labels the pod (`injection-template.yaml`).
        if injected && self.injected.iter().any(|injected| injected == namespace) {
            labels.insert(TLS_MODE.to_owned(), "istio".to_owned());
        }
        Ok(Pod {
            namespace: namespace.to_owned(),
            ip,
            labels,
            ports: template.ports,
        })
    }

    /// The labels of the pods of a Deployment.
    ///
    /// # Errors
    /// When there is no such Deployment.
    pub fn deployment(&self, name: &str) -> Result<Labels, Unsupported> {
        let mut workloads = self.workloads.iter();
        let workload = workloads.find(|workload| workload.name == name);
        let labels = workload.map(|workload| labels(&workload.spec, "/template/metadata/labels"));
        labels.ok_or_else(|| Unsupported::new(format!("no Deployment {name}")))
    }
}

/// What the pods of a workload have in common.
struct Template {
    labels: Labels,
    ports: Vec<(String, u16)>,
}

impl Template {
    /// That of a StatefulSet, or of the one that the Percona operator makes: `db` has pods `db-pxc-N`.
    fn of(Named { name, spec, .. }: &Named<Value>, pod: &str) -> Option<Self> {
        let (set, ordinal) = pod.rsplit_once('-')?;
        let ordinal: u64 = ordinal.parse().ok()?;
        let (replicas, template) = match spec.get("pxc") {
            Some(pxc) if set == format!("{name}-pxc") => (pxc.get("size"), Self::pxc(name, pxc)),
            None if set == name => (spec.get("replicas"), Self::own(spec)),
            _ => return None,
        };
        (ordinal < replicas?.as_u64()?).then_some(template)
    }

    fn own(spec: &Value) -> Self {
        Self {
            labels: labels(spec, "/template/metadata/labels"),
            ports: ports(spec.pointer("/template/spec/containers")),
        }
    }

    fn pxc(cluster: &str, pxc: &Value) -> Self {
        let mut labels = labels(pxc, "/labels");
        for (key, value) in [("component", "pxc"), ("instance", cluster)] {
            labels.insert(format!("app.kubernetes.io/{key}"), value.to_owned());
        }
        let mut ports = ports(pxc.get("sidecars"));
        ports.push(("mysql".to_owned(), 3306));
        Self { labels, ports }
    }
}

fn labels(spec: &Value, pointer: &str) -> Labels {
    let labels = spec.pointer(pointer).and_then(Value::as_object);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let labels = labels.into_iter().flatten();
    labels
        .map(|(key, value)| (key.clone(), text(value)))
        .collect()
}

fn ports(containers: Option<&Value>) -> Vec<(String, u16)> {
    let items =
        |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let ports = items(containers).into_iter();
    let ports = ports.flat_map(|container| items(container.get("ports")));
    let named = |port: Value| {
        let number = port.get("containerPort")?.as_u64()?;
        Some((
            port.get("name")?.as_str()?.to_owned(),
            u16::try_from(number).ok()?,
        ))
    };
    ports.filter_map(named).collect()
}
