"""Istio's agent beside our shim, as istiod's template `grpc-agent` has it (1.30), less what is for gRPC and Envoy.

The walks only stand in for it (`issuers`): what they do not see of it, this looks at.
"""
import json

from check.confined import UID, captures
from check.own_setups import flag

IMAGE = "/proxyv2:"
ARGS = ["proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local"]
VALUES = {
    # No Envoy beside it, and no xDS proxy for one: certificates alone.
    "DISABLE_ENVOY": "true", "ISTIO_META_GENERATOR": "grpc",
    "JWT_POLICY": "third-party-jwt", "PILOT_CERT_PROVIDER": "istiod",
    "CA_ADDR": "istiod.istio-system.svc:15012", "TRUST_DOMAIN": "cluster.local",
}
FIELDS = {
    "POD_NAME": "metadata.name", "POD_NAMESPACE": "metadata.namespace", "INSTANCE_IP": "status.podIP",
    "SERVICE_ACCOUNT": "spec.serviceAccountName", "HOST_IP": "status.hostIP",
}
# What is each installation's own, or the pod's.
OWN = {"OUTPUT_CERTS", "ISTIO_META_CLUSTER_ID", "PROXY_CONFIG"}
# Where the agent looks, whatever it is told, and what has to be there.
TOKEN = {"path": "istio-token", "expirationSeconds": 43200, "audience": "istio-ca"}
ITEMS = [{"path": name, "fieldRef": {"fieldPath": f"metadata.{name}"}} for name in ("labels", "annotations")]
SOURCES = {
    "/var/run/secrets/istio": {"configMap": {"name": "istio-ca-root-cert"}},
    "/var/run/secrets/tokens": {"projected": {"sources": [{"serviceAccountToken": TOKEN}]}},
    "/etc/istio/pod": {"downwardAPI": {"items": ITEMS}},
}
# Where it makes sockets and files.
WRITTEN = ("/etc/istio/proxy", "/var/run/secrets/workload-spiffe-uds")


def check(cluster):
    for w in cluster.workloads:
        agents = [c for c in w.containers if IMAGE in c.get("image", "")]
        if not agents and any("emptyDir" in volume_at(w, c, flag(c, "--identity")) for c in w.containers if "--identity" in c.get("args", [])):
            yield f"{w.name}: nobody writes its certificate"
        for c in agents:
            for line in (*started(c), *told(w, c), *mounts(w, c), *asks(w, c)):
                yield f"{w.name}: {c['name']}: {line}"


def volume_at(w, container, path):
    """What is mounted there; nothing where nothing is."""
    names = [m["name"] for m in container.get("volumeMounts", []) if m["mountPath"] == path]
    return next((v for v in w.volumes if v["name"] in names), {})


def started(c):
    if c.get("args") != ARGS or "command" in c:
        yield f"is started with {c.get('command', c.get('args'))}, and not with {ARGS}"


def told(w, c):
    given = {e["name"]: e.get("value", e.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")) for e in c.get("env", [])}
    for name, value in (VALUES | FIELDS).items():
        if given.get(name) != value:
            yield f"{name} is {given.get(name)}, and not {value}"
    for name in sorted(given.keys() - VALUES.keys() - FIELDS.keys() - OWN):
        yield f"{name} is no variable of the template's"
    if not given.get("ISTIO_META_CLUSTER_ID"):
        yield "ISTIO_META_CLUSTER_ID is missing: istiod takes it for one of another cluster"
    others = {p["containerPort"] for other in w.containers for p in other.get("ports", [])}
    if json.loads(given.get("PROXY_CONFIG", "{}")).get("statusPort", 15020) in others:
        yield "its statusPort is another container's"


def mounts(w, c):
    for path, source in SOURCES.items():
        if {key: value for key, value in volume_at(w, c, path).items() if key != "name"} != source:
            yield f"{path} is not {source}"
    readers = [other for other in w.containers if "--identity" in other.get("args", [])]
    output = next((e.get("value") for e in c.get("env", []) if e["name"] == "OUTPUT_CERTS"), None)
    for path in (*WRITTEN, output):
        if "emptyDir" not in volume_at(w, c, path):
            yield f"{path} is not a place of its own"
        elif any(m.get("readOnly") for m in c["volumeMounts"] if m["mountPath"] == path):
            yield f"{path} cannot be written"
    if not readers or any(volume_at(w, other, flag(other, "--identity")) != volume_at(w, c, output) for other in readers):
        yield f"what it writes to {output} the shim does not read"


def asks(w, c):
    """Its name servers are to answer it, and not the shim, which waits for its certificate."""
    if c.get("securityContext", {}).get("runAsUser") != UID:
        captured = any(captures(other) for other in w.containers)
        yield f"does not run as {UID}: {'its DNS questions are captured' if captured else 'it is not who its image is made for'}"
