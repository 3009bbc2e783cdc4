//! The shim's containers, as in `deploy/kubernetes`.

use serde_json::{Value, json};

/// Who the shim is in a pod; the redirect rules let this uid's own connections go.
const UID: u32 = 1337;
/// Where the probes are answered.
const STATUS_PORT: u16 = 15021;
/// What the shim takes the clusters' domain to be.
pub(super) const DEFAULT_DOMAIN: &str = "cluster.local";
/// The ConfigMap of the manifests.
pub(super) const MANIFESTS: &str = "eastwest-aliases";
/// Where `capture lay --dns` sends the pod's questions.
pub(super) const CAPTURED_DNS: &str = "127.0.0.1:15053,[::1]:15053";

/// How a container stands in its pod, which decides its probes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Beside a database of the Percona operator, which takes a pod that is not ready for a lost one.
    BesideDatabase,
    /// An init container that goes on: the app starts when it has started.
    NativeSidecar,
    /// Alone in its pod.
    Egress,
}

/// What the image, the Secret and the clusters' domain are called.
pub(super) struct Names<'a> {
    pub(super) image: &'a str,
    pub(super) identity: &'a str,
    pub(super) domain: &'a str,
}

/// The shim, with nothing that it may do.
pub(super) fn container(names: &Names<'_>, mode: &[&str], place: Place) -> Value {
    let mut args = [&["-f", "/manifests", "--identity", "/identity"], mode].concat();
    if names.domain != DEFAULT_DOMAIN {
        args.extend(["--cluster-domain", names.domain]);
    }
    let mut shim = json!({
        "name": "shim",
        "image": names.image,
        "args": args,
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": true,
            "runAsNonRoot": true,
            "runAsGroup": UID,
            "runAsUser": UID,
        },
        "ports": [
            {"name": "metrics", "containerPort": 15020},
            {"name": "status-port", "containerPort": STATUS_PORT},
        ],
        "livenessProbe": probe("/livez", STATUS_PORT),
        "volumeMounts": [
            {"name": "identity", "mountPath": "/identity", "readOnly": true},
            {"name": "manifests", "mountPath": "/manifests", "readOnly": true},
        ],
        "resources": {
            "requests": {"cpu": "50m", "memory": "32Mi"},
            "limits": {"memory": "256Mi"},
        },
    });
    // The egress's pod says so itself.
    if place != Place::Egress {
        shim["securityContext"]["seccompProfile"] = json!({"type": "RuntimeDefault"});
    }
    match place {
        Place::BesideDatabase => patient(&mut shim["livenessProbe"]),
        Place::NativeSidecar => {
            shim["restartPolicy"] = json!("Always");
            shim["startupProbe"] = probe("/startup", STATUS_PORT);
            shim["startupProbe"]["periodSeconds"] = json!(1);
            shim["startupProbe"]["failureThreshold"] = json!(60);
            shim["readinessProbe"] = probe("/healthz/ready", STATUS_PORT);
        }
        Place::Egress => {
            shim["readinessProbe"] = probe("/healthz/ready", STATUS_PORT);
            shim["readinessProbe"]["periodSeconds"] = json!(5);
        }
    }
    shim
}

/// Lays the rules of mode `redirect`: once for a pod that takes init containers, else it keeps them.
pub(super) fn capture(names: &Names<'_>, place: Place) -> Value {
    let keep = place == Place::BesideDatabase;
    let mut args = match keep {
        true => vec!["capture", "keep", "--every", "2s"],
        false => vec!["capture", "lay"],
    };
    args.extend(["--dns", "--dns-port", "15053"]);
    let mut capture = json!({
        "name": "capture",
        "image": names.image,
        "args": args,
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]},
            "readOnlyRootFilesystem": true,
            "runAsNonRoot": false,
            "runAsUser": 0,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "resources": {
            "requests": {"cpu": "10m", "memory": "16Mi"},
            "limits": {"memory": "64Mi"},
        },
    });
    if keep {
        capture["ports"] = json!([{"name": "status-capture", "containerPort": 15031}]);
        capture["livenessProbe"] = probe("/livez", 15031);
        patient(&mut capture["livenessProbe"]);
    }
    capture
}

/// The certificate and the manifests. A pod with an `fsGroup` can have the key for that group alone.
pub(super) fn volumes(names: &Names<'_>, place: Place) -> Value {
    let mut identity = json!({"secretName": names.identity});
    if place != Place::BesideDatabase {
        identity["defaultMode"] = json!(0o440);
    }
    json!([
        {"name": "identity", "secret": identity},
        {"name": "manifests", "configMap": {"name": MANIFESTS}},
    ])
}

/// Beside a database a late answer on a busy node is no reason to cut a replica's connections.
fn patient(probe: &mut Value) {
    probe["timeoutSeconds"] = json!(5);
    probe["failureThreshold"] = json!(6);
}

fn probe(path: &str, port: u16) -> Value {
    json!({"httpGet": {"path": path, "port": port}})
}
