"""Pod Security `restricted`, and what ours adds to it: one uid, a root that cannot be written, no token."""
OURS = "eastwest-"
UID = 1337
# What each of ours listens at besides its probes and metrics.
PROBES, METRICS = 15021, 15020


def check(cluster):
    for w in cluster.workloads:
        for c in w.containers:
            if "image" in c:
                yield from (f"{w.name}: {c['name']}: {line}" for line in container(w, c))
        for shared in sorted({"hostNetwork", "hostPID", "hostIPC"} & set(w.pod)):
            yield f"{w.name}: {shared}, which Pod Security refuses"
        if not w.kind.startswith("Percona") and w.pod.get("automountServiceAccountToken") is not False:
            yield f"{w.name}: its account's token is mounted"
    yield from levels(cluster)


def captures(c):
    return c.get("args", [None])[0] == "capture"


def container(w, c):
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/, for containers that say so."""
    own, pod = c.get("securityContext", {}), w.pod.get("securityContext", {})
    capabilities = own.get("capabilities", {})
    added = capabilities.get("add", [])
    if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
        yield "may get privileges"
    if capabilities.get("drop") != ["ALL"]:
        yield "keeps capabilities"
    if own.get("seccompProfile", pod.get("seccompProfile", {})).get("type") != "RuntimeDefault":
        yield "seccompProfile is not RuntimeDefault"
    if captures(c):
        # Kubernetes gives no other uid a capability that is added.
        if (own.get("runAsUser"), added) != (0, ["NET_ADMIN"]):
            yield "lays rules as uid 0 with NET_ADMIN, and with nothing else"
    else:
        if added:
            yield f"adds {added}"
        if not own.get("runAsNonRoot", pod.get("runAsNonRoot")) or own.get("runAsUser") == 0:
            yield "may be root"
    if any("hostPort" in p or "hostIP" in p for p in c.get("ports", [])):
        yield "takes a port of the node, which Pod Security refuses"
    if OURS in c["image"]:
        yield from ours(c, own)
    if ":" not in c["image"] or c["image"].endswith(":latest"):
        yield f"{c['image']} is another image tomorrow"


def ours(c, own):
    if own.get("readOnlyRootFilesystem") is not True:
        yield "its root can be written"
    if c.get("livenessProbe", {}).get("httpGet", {}).get("path") != "/livez":
        yield "livenessProbe does not ask /livez"
    if captures(c):
        return
    if (own.get("runAsUser"), own.get("runAsGroup")) != (UID, UID):
        yield f"does not run as {UID}, which the redirect rules and the certificate's files are for"
    declared = {p["containerPort"] for p in c.get("ports", [])}
    yield from (f"port {port} is not declared" for port in sorted({PROBES, METRICS} - declared))
    if "command" in c:
        yield f"the image's entrypoint is the program: command {c['command']}"


def levels(cluster):
    """A namespace enforces what its pods need, and no less."""
    for namespace in cluster.of("Namespace"):
        name, labels = namespace["metadata"]["name"], namespace["metadata"].get("labels", {})
        wanted = needed(cluster, name)
        enforced = labels.get("pod-security.kubernetes.io/enforce")
        if enforced != wanted:
            yield f"namespace {name} enforces {enforced}, and its pods need {wanted}"


def needed(cluster, namespace):
    """The least level that lets all pods of a namespace in."""
    pods = [w for w in cluster.workloads if w.namespace == namespace]
    if any(captures(c) for w in pods for c in w.containers):
        return "privileged"
    return "baseline" if any(w.kind.startswith("Percona") for w in pods) else "restricted"
