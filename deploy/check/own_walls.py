"""The NetworkPolicies of kubernetes/: open for what has to pass, and for nothing else."""
from check.clusters import GATEWAY_PORT, SHIM_PORT
from check.confined import PROBES
from check.own_setups import GATEWAY, callers_of, gateway_of, mode
from check.pods import selects

DNS = {("UDP", 53), ("TCP", 53)}
ISTIOD = ("TCP", 15012)


def check(a, b):
    for side, cluster in (("A", a), ("B", b)):
        for line in (*ports(cluster), *services(cluster), *proxies(cluster)):
            yield f"cluster {side}: {line}"
    yield from gateway(a)
    yield from sources(a)
    yield from callers(b)


def policies(cluster, w, way):
    return [
        p["spec"] for p in cluster.of("NetworkPolicy", w.namespace)
        if way in p["spec"]["policyTypes"] and selects(p["spec"]["podSelector"]["matchLabels"], w.labels)
    ]


def numbers(rules):
    return {(p["protocol"], p["port"]) for rule in rules for p in rule.get("ports", [])}


def declared(w):
    return {(p.get("protocol", "TCP"), p["containerPort"]) for c in w.containers for p in c.get("ports", [])}


def ports(cluster):
    """A policy is about pods that there are, and opens ports that they have."""
    for policy in cluster.of("NetworkPolicy"):
        name, spec = policy["metadata"]["name"], policy["spec"]
        chosen = [
            w for w in (*cluster.workloads, *cluster.proxies)
            if w.namespace == policy["metadata"]["namespace"] and selects(spec["podSelector"]["matchLabels"], w.labels)
        ]
        if not chosen:
            yield f"NetworkPolicy {name} is about no pod"
        for w in chosen:
            extra = numbers(spec.get("ingress", [])) - declared(w)
            yield from (f"NetworkPolicy {name} opens {port}, which {w.name} does not have" for _, port in sorted(extra))


def services(cluster):
    """A Service leads to pods that there are, at ports that they have and that are open."""
    for service in cluster.of("Service"):
        name, spec = service["metadata"]["name"], service["spec"]
        chosen = [w for w in cluster.workloads if w.namespace == service["metadata"]["namespace"] and selects(spec["selector"], w.labels)]
        if not chosen:
            yield f"Service {name} selects no pod"
        for w in chosen:
            for port in spec["ports"]:
                protocol, number = port.get("protocol", "TCP"), w.port(port["targetPort"])
                if (protocol, number) not in declared(w):
                    yield f"Service {name}: {w.name} has no port {port['targetPort']}"
                for policy in policies(cluster, w, "Ingress"):
                    if (protocol, number) not in numbers(policy["ingress"]):
                        yield f"Service {name}: no NetworkPolicy opens {number} of {w.name}"


def gateway(a):
    w = gateway_of(a)
    if w is None:
        return
    into = [numbers(p["ingress"]) for p in policies(a, w, "Ingress")]
    out = [numbers(p["egress"]) for p in policies(a, w, "Egress")]
    if into != [{("TCP", GATEWAY_PORT), ("TCP", PROBES)}]:
        yield f"the gateway is open at {into}"
    if out != [{("TCP", SHIM_PORT), *DNS}]:
        yield f"the gateway reaches {out}"
    # A policy without ports opens all of them.
    if any("ports" not in rule for way in ("ingress", "egress") for p in policies(a, w, way.capitalize()) for rule in p[way]):
        yield "a rule of the gateway's NetworkPolicy is for all ports"


def sources(a):
    """Other namespaces reach a pod through the gateway and its shim alone."""
    through = gateway_of(a)
    for w in (w for w in a.workloads if w.runs("shim")):
        admitted = [r for p in policies(a, w, "Ingress") for r in p["ingress"] if r.get("from") != [{"podSelector": {}}]]
        peers = [peer for r in admitted for peer in r.get("from", [{}])]
        if numbers(admitted) != {("TCP", SHIM_PORT)} or len(peers) != 1:
            yield f"{w.name} is open to others at {sorted(numbers(admitted))}, for {len(peers)} peers"
        elif through and not is_pod(peers[0], through):
            yield f"{w.name} is open to {peers[0]}, which is not the gateway"


def proxies(cluster):
    """HAProxy leads past the shim to every database: it is for its own namespace."""
    for w in cluster.proxies:
        admitted = [rule.get("from", [{}]) for p in policies(cluster, w, "Ingress") for rule in p["ingress"]]
        if admitted != [[{"podSelector": {}}]]:
            yield f"{w.name} is open to other namespaces: {admitted or 'no NetworkPolicy is about it'}"


def is_pod(peer, w):
    namespace = peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name")
    labels = peer.get("podSelector", {}).get("matchLabels")
    return namespace == w.namespace and bool(labels) and selects(labels, w.labels)


def callers(b):
    """Who has a shim leaves the cluster for the gateway alone; beside an egress nobody else does."""
    to_gateway = {"ipBlock": {"cidr": f"{GATEWAY}/32"}}
    through_shim = callers_of(b)
    for w in b.workloads:
        rules = [r for p in policies(b, w, "Egress") for r in p["egress"]]
        outside = [r for r in rules if any("ipBlock" in peer for peer in r.get("to", []))]
        allowed = [{"to": [to_gateway], "ports": [{"protocol": "TCP", "port": GATEWAY_PORT}]}] if w in through_shim else []
        if outside != allowed:
            yield f"cluster B: {w.name} leaves the cluster for {outside}"
        inside = numbers(r for r in rules if r not in outside and r.get("to") != [{"podSelector": {}}])
        if not DNS <= inside or inside - DNS - {ISTIOD}:
            yield f"cluster B: {w.name} reaches {sorted(inside)}"
        if w in through_shim and mode(w) == "service":
            peers = [peer for p in policies(b, w, "Ingress") for r in p["ingress"] for peer in r.get("from", []) if "namespaceSelector" in peer]
            if peers:
                yield f"cluster B: {w.name} is open to other namespaces"
