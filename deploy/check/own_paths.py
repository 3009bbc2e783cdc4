"""From each alias of kubernetes/ to its pod, and from each database channel to an alias."""
from check.clusters import DOMAIN, GATEWAY_PORT, SHIM_PORT
from check.own_setups import GATEWAY, OFFSET, callers_of, flag, gateway_of, manifests, mode

SERVICE_PORT = "eastwest.dev/service-port"


def check(a, b):
    gateway = gateway_of(a)
    if gateway is None:
        yield "cluster A has no gateway"
        return
    exported = [h for g in manifests(a, gateway, "Gateway") for s in g["spec"]["servers"] for h in s["hosts"]]
    for caller in callers_of(b):
        entries = list(manifests(b, caller, "ServiceEntry"))
        if not entries:
            yield f"{caller.name} has no alias"
        for entry in entries:
            yield from (f"alias {entry['metadata']['name']}: {line}" for line in alias(a, b, caller, entry, exported))
        yield from channels(b, caller, entries)
    yield from resolver(b)


def alias(a, b, caller, entry, exported):
    spec, namespace, name = entry["spec"], entry["metadata"]["namespace"], entry["metadata"]["name"]
    if spec["hosts"] != [f"{name}.{namespace}.{DOMAIN}"]:
        yield f"hosts is {spec['hosts']}"
    pod = name.removeprefix("src-")
    workload = a.workload_of_pod(namespace, pod)
    shim = workload and workload.ours("shim")
    if shim is None:
        yield f"cluster A has no pod {pod} with our shim"
        return
    host = f"{pod}.{workload.name}.{namespace}.{DOMAIN}"
    # What the alias leads to is made of its name alone; the cluster's DNS goes by serviceName.
    if workload.service != workload.name:
        yield f"{host} is no name of {pod}, whose serviceName is {workload.service}"
    if not any(host == e or (e.startswith("*.") and host.endswith(e[1:])) for e in exported):
        yield f"{host} is exported by no Gateway"
    if workload.port(SHIM_PORT) is None:
        yield f"{pod} does not say that it has port {SHIM_PORT}"
    for endpoint in spec["endpoints"]:
        if endpoint["address"] != GATEWAY:
            yield f"nobody replaces the endpoint {endpoint['address']}"
        if endpoint["serviceAccount"] != workload.account:
            yield f"serviceAccount is {endpoint['serviceAccount']}, and the pod runs as {workload.account}"
    identity = f"cluster.local/ns/{caller.namespace}/sa/{caller.account}"
    for port in spec["ports"]:
        if [e["ports"].get(port["name"]) for e in spec["endpoints"]] != [GATEWAY_PORT] * len(spec["endpoints"]):
            yield f"port {port['name']} is not dialled at {GATEWAY_PORT}"
        if flag(shim, "--inbound") != str(port["number"]):
            yield f"{pod} lets nobody ask for port {port['number']}"
        if not any(admits(policy, identity, port["number"]) for policy in manifests(a, workload, "AuthorizationPolicy")):
            yield f"no AuthorizationPolicy lets {identity} in at {port['number']}"
        if mode(caller) == "service":
            yield from service(b, caller, entry, port["number"])


def admits(policy, identity, port):
    return any(
        identity in source["source"]["principals"] and str(port) in to["operation"]["ports"]
        for rule in policy["spec"]["rules"] for source in rule["from"] for to in rule["to"])


def service(b, caller, entry, number):
    """The Service under the alias's own name, which leads to the alias's own port of the egress."""
    namespace, name = entry["metadata"]["namespace"], entry["metadata"]["name"]
    given = entry["metadata"].get("annotations", {}).get(SERVICE_PORT)
    found = b.named("Service", namespace, name)
    if found is None:
        yield "no Service has its name"
        return
    port = next((p for p in found["spec"]["ports"] if p["port"] == number), {})
    if str(port.get("targetPort")) != given:
        yield f"its Service leads {number} to {port.get('targetPort')}, and {SERVICE_PORT} is {given}"
    if caller.port(port.get("targetPort")) is None:
        yield f"{caller.name} does not say that it has port {port.get('targetPort')}"


def channels(b, caller, entries):
    """Each source of a replica is an alias, at the port at which the mode has it."""
    hosts = {h: e["spec"]["ports"] for e in entries for h in e["spec"]["hosts"]}
    offset = int(flag(caller.ours("shim"), "--port-offset", OFFSET)) if mode(caller) == "port" else 0
    for database in b.of("PerconaXtraDBCluster", caller.namespace):
        for channel in database["spec"]["pxc"]["replicationChannels"]:
            listed = [s["host"] for s in channel.get("sourcesList", [])]
            if not listed or len(listed) != len(set(listed)):
                yield f"channel {channel['name']}: no source, or one twice: the operator knows them by host alone"
            for source in channel.get("sourcesList", []):
                if source["host"] not in hosts:
                    yield f"channel {channel['name']}: {source['host']} is no alias"
                elif source["port"] not in [p["number"] + offset for p in hosts[source["host"]]]:
                    yield f"channel {channel['name']}: {source['host']} is not to be had at port {source['port']}"


def resolver(b):
    """Where a resolver runs, the cluster's DNS sends it the aliases that it knows, and no other name."""
    for w in (w for w in b.workloads if w.runs("resolver")):
        known = {h for e in manifests(b, w, "ServiceEntry") for h in e["spec"]["hosts"]}
        service = next(s for s in b.of("Service", w.namespace) if s["spec"]["selector"] == w.selector)
        custom = b.named("ConfigMap", "kube-system", "coredns-custom")
        for text in (custom or {"data": {"": ""}})["data"].values():
            zones, _, rest = text.partition("{")
            sent = {zone.removesuffix(":53") for zone in zones.split()}
            yield from (f"{host} is an alias, or is sent to the resolver, and not both" for host in sorted(sent ^ known))
            if f"forward . {service['spec']['clusterIP']}\n" not in rest:
                yield f"CoreDNS does not ask {service['spec']['clusterIP']}, where the resolver is"
