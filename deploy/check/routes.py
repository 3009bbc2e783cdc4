"""From an alias in cluster B to a pod in cluster A: everything that stock Istio needs on the way."""
import ipaddress

from check.clusters import DOMAIN, GATEWAY, GATEWAY_PORT, SHIM_PORT

TLS_MODE = "security.istio.io/tlsMode"
POD_NAME = "statefulset.kubernetes.io/pod-name"
# What Istio hands out by itself (docs: "DNS Proxying"), and our redirect rules cover.
VIRTUAL = ipaddress.ip_network("240.240.0.0/16")


def check(a, b):
    entries = b.of("ServiceEntry")
    if not entries:
        yield "cluster B has no alias"
    yield from addresses(entries)
    hosts = [f"{e['metadata']['name']}.{e['metadata']['namespace']}.{DOMAIN}" for e in entries]
    for entry, host in zip(entries, hosts):
        yield from (f"alias {host}: {line}" for line in alias(a, b, entry, host))
    yield from exports(a, hosts)
    yield from sources(b, hosts)


def addresses(entries):
    given = [address for e in entries for address in e["spec"].get("addresses", [])]
    for address in sorted({x for x in given if given.count(x) > 1}):
        yield f"{address} is the address of two aliases: the first takes the other's connections"
    for address in given:
        if ipaddress.ip_address(address) not in VIRTUAL:
            yield f"{address} is not in {VIRTUAL}"


def alias(a, b, entry, host):
    spec, namespace, name = entry["spec"], entry["metadata"]["namespace"], entry["metadata"]["name"]
    if spec["hosts"] != [host]:
        yield f"hosts is {spec['hosts']}"
    if not spec.get("addresses"):
        yield "no addresses: TCP aliases of one port share a listener, and DNS has no answer"
    if spec["resolution"] != "STATIC" or spec["location"] != "MESH_INTERNAL":
        yield "resolution and location are not STATIC and MESH_INTERNAL"
    pod = name.removeprefix("src-")
    workload = a.workload_of_pod(namespace, pod)
    if workload is None:
        yield f"cluster A has no pod {pod}"
        return
    for endpoint in spec["endpoints"]:
        if endpoint["address"] != GATEWAY:
            yield f"connect-clusters.sh does not replace the endpoint {endpoint['address']}"
        if endpoint.get("labels", {}).get(TLS_MODE) != "istio":
            yield f"the endpoint has no label {TLS_MODE}: the sidecar sends plaintext"
        if endpoint.get("serviceAccount") != workload.account:
            yield f"serviceAccount is {endpoint.get('serviceAccount')}, and the pod runs as {workload.account}"
        for port in spec["ports"]:
            if endpoint["ports"].get(port["name"]) != GATEWAY_PORT:
                yield f"port {port['name']} is not dialled at {GATEWAY_PORT}"
    for port in spec["ports"]:
        yield from service(a, namespace, name, pod, workload, port["number"])
    yield from rule(b, namespace, host, [port["number"] for port in spec["ports"]])


def service(a, namespace, name, pod, workload, number):
    """The Service that gives Istio's gateway a filter chain for the alias."""
    found = a.named("Service", namespace, name)
    if found is None:
        yield f"cluster A has no Service {namespace}/{name}: its gateway resets the connection"
        return
    if found["spec"]["selector"] != {POD_NAME: pod}:
        yield f"the Service selects {found['spec']['selector']} and not {pod} alone"
    port = next((p for p in found["spec"]["ports"] if p["port"] == number), None)
    if port is None:
        yield f"the Service has no port {number}, which is in the SNI"
        return
    dialled, shim = workload.port(port["targetPort"]), workload.runs("shim")
    if dialled is None and not (shim and port["targetPort"] == SHIM_PORT):
        yield f"targetPort {port['targetPort']} is no port of {pod}"
    elif dialled != (SHIM_PORT if shim else number):
        yield f"{pod} {'has' if shim else 'has not'} our shim, and is dialled at {dialled}"


def rule(b, namespace, host, numbers):
    rules = [r["spec"] for r in b.of("DestinationRule", namespace) if r["spec"]["host"] == host]
    tls = rules[0]["trafficPolicy"]["tls"] if rules else {}
    if len(rules) != 1 or tls.get("mode") != "ISTIO_MUTUAL":
        yield "needs one DestinationRule with mode ISTIO_MUTUAL"
    elif [tls.get("sni")] != [f"outbound_.{n}_._.{host}" for n in numbers]:
        yield f"sni {tls.get('sni')} is not the name that cluster A's gateway knows"


def exports(a, hosts):
    """Exactly the aliases, on one port, by gateways that exist."""
    exported = []
    for gateway in a.of("Gateway"):
        spec, name = gateway["spec"], gateway["metadata"]["name"]
        for server in spec["servers"]:
            exported += server["hosts"]
            if (server["port"]["number"], server["tls"]["mode"]) != (GATEWAY_PORT, "AUTO_PASSTHROUGH"):
                yield f"Gateway {name}: not AUTO_PASSTHROUGH on {GATEWAY_PORT}"
        if not any(spec["selector"].items() <= w.labels.items() for w in a.gateways()):
            yield f"Gateway {name}: {spec['selector']} selects no gateway that runs"
    for host in sorted(set(hosts) ^ set(exported)):
        yield f"{host} is exported by no Gateway, or exported and no alias"
    if len(exported) != len(set(exported)):
        yield "a host is exported twice"


def sources(b, hosts):
    for database in b.of("PerconaXtraDBCluster"):
        for channel in database["spec"]["pxc"]["replicationChannels"]:
            listed = [s["host"] for s in channel.get("sourcesList", [])]
            if len(listed) != len(set(listed)) or not listed:
                yield f"channel {channel['name']}: no source, or one twice"
            yield from (f"source {h} is no alias" for h in listed if h not in hosts)
