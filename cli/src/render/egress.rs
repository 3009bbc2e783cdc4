//! Mode `service`: an egress in each namespace that has aliases, and a Service for each alias.

use std::collections::{BTreeMap, BTreeSet};

use eastwest_mesh::{Address, Route};
use serde_json::{Value, json};

use super::error::RenderError;
use super::input::{Input, Label};
use super::output::Output;
use super::shim::{self, Names, Place};

const NAME: &str = "eastwest-egress";

/// Who may use the egress.
pub(super) struct Callers<'a> {
    pub(super) namespaces: &'a [Label],
    pub(super) labels: BTreeMap<&'a str, &'a str>,
}

/// Routes of one namespace, by the Service's name.
type Services<'a> = BTreeMap<&'a str, Vec<&'a Route>>;

/// Writes all of it; the second value says what is left out.
pub(super) fn write(
    input: &Input,
    names: &Names<'_>,
    callers: &Callers<'_>,
) -> Result<(Output, Vec<String>), RenderError> {
    let mut left_out = Vec::new();
    let mut namespaces: BTreeMap<&str, Services<'_>> = BTreeMap::new();
    for route in &input.mesh.routes {
        let Some((name, namespace)) = input.service_of(route) else {
            left_out.push(format!(
                "{}: error: no Service can have the name {}; call the alias NAME.NAMESPACE.svc.DOMAIN, or \
                 take another mode",
                route.origin, route.alias
            ));
            continue;
        };
        let services = namespaces.entry(namespace).or_default();
        services.entry(name).or_default().push(route);
    }
    let mut out = Output::default();
    for (namespace, services) in &namespaces {
        let routes: Vec<&Route> = services.values().flatten().copied().collect();
        out.comment(&format!(
            "Namespace {namespace}. THE HOP FROM A POD TO THE EGRESS IS IN CLEAR: whoever can read this \
             cluster's network can read what passes, and who may use the egress is the NetworkPolicy's \
             decision alone, which needs a CNI that enforces it."
        ));
        out.object(&input.config_map(namespace, &routes)?);
        out.comment(&format!(
            "Whom the other cluster sees, where its certificate is of this account: \
             spiffe://cluster.local/ns/{namespace}/sa/{NAME}, with the trust domain of the certificate."
        ));
        out.object(&json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": metadata(NAME, namespace, None),
            "automountServiceAccountToken": false,
        }));
        out.object(&deployment(namespace, services, names));
        out.object(&json!({
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": metadata(NAME, namespace, None),
            "spec": {"maxUnavailable": 1, "selector": selector()},
        }));
        for (name, routes) in services {
            out.object(&service(namespace, name, routes));
        }
        let named = |gateway: &Address| matches!(gateway, Address::Name(_));
        let mut gateways = routes.iter().flat_map(|route| &route.gateways);
        if gateways.any(|gateway| named(&gateway.address)) {
            out.comment(
                "A NetworkPolicy knows no names: the port of gateways that are given by name is open to \
                 every address.",
            );
        }
        out.object(&policy(namespace, &routes, callers));
    }
    Ok((out, left_out))
}

/// With the label by which all that this mode alone has is taken away again.
fn metadata(name: &str, namespace: &str, label: Option<(&str, &str)>) -> Value {
    let of_mode = ("eastwest.dev/mode", "service");
    let labels: BTreeMap<&str, &str> = label.into_iter().chain([of_mode]).collect();
    json!({"name": name, "namespace": namespace, "labels": labels})
}

fn labels() -> Value {
    json!({"app.kubernetes.io/name": NAME})
}

fn selector() -> Value {
    json!({"matchLabels": labels()})
}

fn deployment(namespace: &str, services: &Services<'_>, names: &Names<'_>) -> Value {
    let mut shim = shim::container(names, &["--mode", "service"], Place::Egress);
    // Without names: a label can be what no port may be called, or what the shim's own ports are.
    let aliases = services.values().flatten();
    let mut ports: Vec<Value> = aliases
        .map(|route| json!({"containerPort": route.listen_port}))
        .collect();
    if let Some(others) = shim["ports"].as_array() {
        ports.extend(others.iter().cloned());
    }
    shim["ports"] = json!(ports);
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(NAME, namespace, Some(("eastwest.dev/identity", "volume"))),
        "spec": {
            "replicas": 2,
            "selector": selector(),
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": labels()},
                "spec": {
                    "serviceAccountName": NAME,
                    "automountServiceAccountToken": false,
                    "enableServiceLinks": false,
                    // More than --drain-lame-duck and --drain-grace together.
                    "terminationGracePeriodSeconds": 30,
                    "securityContext": {
                        "fsGroup": 1337,
                        "runAsNonRoot": true,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "topologySpreadConstraints": [{
                        "maxSkew": 1,
                        "topologyKey": "kubernetes.io/hostname",
                        "whenUnsatisfiable": "ScheduleAnyway",
                        "labelSelector": selector(),
                    }],
                    "containers": [shim],
                    "volumes": shim::volumes(names, Place::Egress),
                },
            },
        },
    })
}

fn service(namespace: &str, name: &str, routes: &[&Route]) -> Value {
    let port = |route: &&Route| {
        json!({
            "name": format!("tcp-{}", route.port),
            "port": route.port,
            "targetPort": route.listen_port,
        })
    };
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(name, namespace, None),
        "spec": {
            "selector": labels(),
            "ports": routes.iter().map(port).collect::<Vec<_>>(),
        },
    })
}

/// In: the callers, and probes. Out: DNS and the gateways.
fn policy(namespace: &str, routes: &[&Route], callers: &Callers<'_>) -> Value {
    let tcp = |port: Value| json!({"protocol": "TCP", "port": port});
    let ports: BTreeSet<_> = routes.iter().map(|route| route.listen_port).collect();
    let ports: Vec<_> = ports.iter().map(|port| tcp(json!(port))).collect();
    let mut egress = vec![json!({
        "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
        "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
    })];
    let gateways: BTreeSet<_> = routes
        .iter()
        .flat_map(|route| &route.gateways)
        .map(|gateway| {
            let block = match &gateway.address {
                Address::Ip(ip) => Some(format!("{ip}/{}", if ip.is_ipv4() { 32 } else { 128 })),
                Address::Name(_) => None,
            };
            (block, gateway.port)
        })
        .collect();
    for (block, port) in gateways {
        let mut rule = json!({"ports": [tcp(json!(port))]});
        if let Some(cidr) = block {
            rule["to"] = json!([{"ipBlock": {"cidr": cidr}}]);
        }
        egress.push(rule);
    }
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(NAME, namespace, Some(("eastwest.dev/egress", "limited"))),
        "spec": {
            "podSelector": selector(),
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [
                {"from": callers.peers(), "ports": ports},
                {"ports": [tcp(json!(15021))]},
            ],
            "egress": egress,
        },
    })
}

impl Callers<'_> {
    /// Without a namespace, pods of the egress's own.
    fn peers(&self) -> Vec<Value> {
        let pods = match self.labels.is_empty() {
            true => json!({}),
            false => json!({"matchLabels": self.labels}),
        };
        if self.namespaces.is_empty() {
            return vec![json!({"podSelector": pods})];
        }
        let from = |namespace: &Label| {
            let name = json!({"kubernetes.io/metadata.name": namespace.as_str()});
            json!({"namespaceSelector": {"matchLabels": name}, "podSelector": pods})
        };
        self.namespaces.iter().map(from).collect()
    }
}
