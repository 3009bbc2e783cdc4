"""What keeps others out, and the parts that must fit each other in one cluster."""
from check import pods, strict_yaml
from check.clusters import GATEWAY, GATEWAY_PORT, SHIM_PORT
from check.pods import config_maps, selects

INJECT = "sidecar.istio.io/inject"


def check(a, b):
    for side, cluster in (("A", a), ("B", b)):
        for line in (*pods.check(cluster), *members(cluster), *services(cluster), *strict(cluster)):
            yield f"cluster {side}: {line}"
    yield from ingress(a)
    yield from egress(b)
    yield from callers(a, b)
    yield from own_gateway(a)


def members(cluster):
    for w in cluster.workloads:
        yield from mesh_member(cluster, w)


def mesh_member(cluster, w):
    """One of Istio's sidecar and ours, never both."""
    namespace = cluster.named("Namespace", None, w.namespace) or {"metadata": {}}
    by_namespace = namespace["metadata"].get("labels", {}).get("istio-injection") == "enabled"
    injected = w.labels.get(INJECT, "true" if by_namespace else "false") == "true"
    ours = w.runs("shim") or w.runs("gateway")
    if injected == ours:
        yield f"{w.name}: {'Istio injects its sidecar beside ours' if ours else 'no sidecar at all'}"
    inbound = any("--inbound" in c.get("args", []) for c in w.containers)
    if inbound and w.labels.get("security.istio.io/tlsMode") != "istio":
        yield f"{w.name}: without the label tlsMode Istio's gateway drops its pods"


def services(cluster):
    for service in cluster.of("Service"):
        name, spec = service["metadata"]["name"], service["spec"]
        if any("name" not in p for p in spec["ports"]):
            yield f"Service {name}: a port without a name"
        labels = [
            w.labels | {"statefulset.kubernetes.io/pod-name": pod}
            for w in cluster.workloads
            if w.namespace == service["metadata"]["namespace"]
            for pod in w.pods() or [None]
        ]
        if not any(selects(spec["selector"], pod) for pod in labels):
            yield f"Service {name} selects no pod"


def strict(cluster):
    for namespace in sorted({w.namespace for w in cluster.workloads} - {"istio-system"}):
        policies = [p["spec"] for p in cluster.of("PeerAuthentication", namespace)]
        modes = [p["mtls"]["mode"] for p in policies if "selector" not in p]
        if modes != ["STRICT"]:
            yield f"namespace {namespace}: PeerAuthentication is {modes}, not STRICT"


def admits(policy, way, ports):
    """The ports that the rules with a peer for a gateway open."""
    return {p["port"] for rule in policy["spec"][way] if ports(rule) for p in rule.get("ports", [])}


def ingress(a):
    def from_gateway(rule):
        pods = [peer.get("podSelector", {}).get("matchLabels") for peer in rule.get("from", [])]
        return "from" not in rule or {"istio": "eastwestgateway"} in pods

    for w in a.workloads:
        policies = [
            p for p in a.of("NetworkPolicy", w.namespace)
            if "Ingress" in p["spec"]["policyTypes"] and selects(p["spec"]["podSelector"]["matchLabels"], w.labels)
        ]
        gateway = w.labels.get("istio") == "eastwestgateway"
        wanted = GATEWAY_PORT if gateway else SHIM_PORT if w.runs("shim") else w.plain_containers[0]["ports"][0]["containerPort"]
        if not any(wanted in admits(p, "ingress", from_gateway) for p in policies):
            yield f"cluster A: no NetworkPolicy lets the gateway reach {w.name} on {wanted}"


def egress(b):
    def to_gateway(rule):
        return {"ipBlock": {"cidr": f"{GATEWAY}/32"}} in rule["to"]

    for w in b.workloads:
        policies = [p for p in b.of("NetworkPolicy", w.namespace) if selects(p["spec"]["podSelector"]["matchLabels"], w.labels)]
        if [admits(p, "egress", to_gateway) for p in policies] != [{GATEWAY_PORT}]:
            yield f"cluster B: no NetworkPolicy lets {w.name} reach the gateway alone"


def callers(a, b):
    for w in b.workloads:
        identity = f"cluster.local/ns/{w.namespace}/sa/{w.account}"
        let_in = [
            p for policy in a.of("AuthorizationPolicy", w.namespace) for rule in policy["spec"]["rules"]
            for source in rule["from"] for p in source["source"]["principals"]
        ]
        if not any(identity == p or (p.endswith("*") and identity.startswith(p[:-1])) for p in let_in):
            yield f"cluster A: no AuthorizationPolicy lets {identity} in"


def own_gateway(a):
    """Our gateway dials 15444 unless a ServiceEntry in its files names the pod's own port."""
    for gateway in (w for w in a.gateways() if w.runs("gateway")):
        data = [
            document
            for name in config_maps(gateway)
            for text in (a.named("ConfigMap", gateway.namespace, name) or {"data": {}})["data"].values()
            for document in strict_yaml.load_all(text)
        ]
        told = {h for d in data if d["kind"] == "ServiceEntry" for h in d["spec"]["hosts"]}
        pods = {
            f"{pod}.{w.name}.{w.namespace}.svc.cluster.local"
            for w in a.workloads if w.kind != "Deployment" and not w.runs("shim") for pod in w.pods()
        }
        yield from (f"our gateway and the port of {host}: told where it need not, or not told" for host in sorted(told ^ pods))
        if [d for d in data if d["kind"] == "Gateway"] != a.of("Gateway"):
            yield "our gateway reads other Gateways than those that are applied"
