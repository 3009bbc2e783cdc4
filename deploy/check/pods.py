"""What every pod must be, whoever made its template: parts that fit each other."""
import re

# What people make themselves, and what istiod puts into each namespace.
GIVEN = {"Secret": {"eastwest-identity", "db-secrets"}, "ConfigMap": {"istio-ca-root-cert"}}
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
# Seconds of a probe's answers that may be late, together, beside a database.
PATIENCE = 30
# Containers of the operator, which skips sidecars that are called so.
OPERATORS = {"pxc", "logs", "logrotate", "pmm-client", "xtrabackup", "pxc-init"}


def check(cluster):
    for w in cluster.workloads:
        for line in (*template(w), *references(cluster, w), *probes(w), *sidecars(w), *updates(w), *targets(cluster, w), *named(cluster, w)):
            yield f"{w.name}: {line}"


def selects(selector, labels):
    return all(labels.get(key) == value for key, value in selector.items())


def template(w):
    names = [c["name"] for c in w.containers]
    numbers = [(p.get("protocol", "TCP"), p["containerPort"]) for c in w.containers for p in c.get("ports", [])]
    if not selects(w.selector, w.labels):
        yield "its selector does not select its own pods"
    if len(names) != len(set(names)) or len(numbers) != len(set(numbers)):
        yield "two containers have one name or one port"
    for name in (p["name"] for c in w.containers for p in c.get("ports", []) if "name" in p):
        # https://www.rfc-editor.org/rfc/rfc6335 section 5.1, which no schema of Kubernetes says.
        if not re.fullmatch(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?", name):
            yield f"{name} is no name of a port"
    volumes = [v["name"] for v in w.volumes]
    mounts = {m["name"] for c in w.containers for m in c.get("volumeMounts", [])}
    yield from (f"{name} is no volume" for name in sorted(mounts - set(volumes)))
    yield from (f"the volume {name} is mounted nowhere" for name in sorted(set(volumes) - mounts))
    if len(volumes) != len(set(volumes)):
        yield "two volumes have one name"


def references(cluster, w):
    if cluster.named("ServiceAccount", w.namespace, w.account) is None:
        yield f"no ServiceAccount {w.account}"
    for kind, name in sources(w):
        if name not in GIVEN[kind] and cluster.named(kind, w.namespace, name) is None:
            yield f"no {kind} {name}"


def sources(w):
    """The ConfigMaps and Secrets that volumes and environments come from."""
    for volume in w.volumes:
        for source in [volume, *volume.get("projected", {}).get("sources", [])]:
            if "configMap" in source:
                yield "ConfigMap", source["configMap"]["name"]
            if "secret" in source:
                yield "Secret", source["secret"].get("secretName") or source["secret"]["name"]
    for c in w.containers:
        for source in c.get("envFrom", []):
            yield from ((k[0].upper() + k[1:-3], v["name"]) for k, v in source.items() if k.endswith("Ref"))
        for entry in c.get("env", []):
            for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                if key in entry.get("valueFrom", {}):
                    yield kind, entry["valueFrom"][key]["name"]


def config_maps(w):
    return [name for kind, name in sources(w) if kind == "ConfigMap"]


def probes(w):
    """Each asks a port that its own container says it has."""
    for c in w.containers:
        ports = {x for p in c.get("ports", []) for x in (p.get("name"), p["containerPort"])}
        for probe in PROBES:
            for how in ("httpGet", "tcpSocket", "grpc"):
                port = c.get(probe, {}).get(how, {}).get("port")
                if port is not None and port not in ports:
                    yield f"{c['name']}: {probe} asks port {port}, which it does not have"


def targets(cluster, w):
    """https://github.com/kubernetes/kubernetes/issues/127958: names are looked for in plain containers alone."""
    names = {p.get("name") for c in w.plain_containers for p in c.get("ports", [])}
    for service in cluster.of("Service", w.namespace):
        for port in service["spec"]["ports"] if selects(service["spec"]["selector"], w.labels) else []:
            target = port.get("targetPort")
            if isinstance(target, str) and target not in names:
                yield f"Service {service['metadata']['name']}: no plain container has the port {target}"


def named(cluster, w):
    """The cluster's DNS has POD.SERVICE.NAMESPACE only for pods that the headless Service `serviceName` selects."""
    if w.kind != "StatefulSet":
        return
    service = w.service and cluster.named("Service", w.namespace, w.service)
    if not service:
        yield f"serviceName is {w.service}, and no Service of {w.namespace}: its pods have no names"
        return
    if service["spec"].get("clusterIP") != "None":
        yield f"Service {w.service} is not headless: its pods have no names"
    if not service["spec"].get("selector") or not selects(service["spec"]["selector"], w.labels):
        yield f"Service {w.service} does not select its pods, which have no names"


def updates(w):
    """A change of a shim restarts the databases: the primary last, and no image that nobody asked for."""
    if w.kind == "PerconaXtraDBCluster" and w.update != ("SmartUpdate", "disabled"):
        yield f"updateStrategy and upgradeOptions.apply are {w.update}, not SmartUpdate and disabled"


def sidecars(w):
    for c in w.init_containers:
        if c.get("restartPolicy", "Always") != "Always":
            yield f"{c['name']}: an init container is restarted always, or has no restartPolicy"
        if "restartPolicy" not in c and any(probe in c for probe in PROBES):
            yield f"{c['name']}: a probe needs restartPolicy: Always"
    for c in w.plain_containers:
        if "restartPolicy" in c:
            yield f"{c['name']}: a container that is no init container has no restartPolicy"
        if w.kind != "PerconaXtraDBCluster" or c is w.plain_containers[0]:
            continue
        if "readinessProbe" in c:
            yield f"{c['name']}: a readinessProbe takes the database out of service"
        probe = c.get("livenessProbe", {})
        if probe and probe.get("timeoutSeconds", 1) * probe.get("failureThreshold", 3) < PATIENCE:
            yield f"{c['name']}: its livenessProbe restarts it for one late second"
        if c["name"] in OPERATORS:
            yield f"{c['name']}: the operator skips a sidecar of that name"
