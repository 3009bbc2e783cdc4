"""The fields of pods that these checks read, or that change nothing they look at. Any other is named: what it does in a
cluster, nobody here would see."""

# Below: fields by name, with the fields inside; None is for what is looked at whole, or is anything.
PROBE = {
    "httpGet": {"path": None, "port": None, "host": None, "scheme": None},
    # When kubelet asks, which a walk does at once.
    "periodSeconds": None, "failureThreshold": None, "timeoutSeconds": None,
}
PROFILE = {"type": None}
CONTAINER = {
    "name": None, "image": None, "command": None, "args": None, "restartPolicy": None,
    "env": {"name": None, "value": None, "valueFrom": None},
    "ports": {"name": None, "containerPort": None, "protocol": None},
    "startupProbe": PROBE, "readinessProbe": PROBE, "livenessProbe": PROBE,
    "volumeMounts": {"name": None, "mountPath": None, "readOnly": None},
    "securityContext": {
        "runAsUser": None, "runAsGroup": None, "runAsNonRoot": None, "privileged": None, "allowPrivilegeEscalation": None,
        "capabilities": {"add": None, "drop": None}, "readOnlyRootFilesystem": None, "seccompProfile": PROFILE,
    },
    # Of the scheduler and the kernel: no walk needs as much.
    "resources": {"requests": None, "limits": None},
}
CHOSEN = {"defaultMode": None, "items": {"key": None, "path": None, "mode": None}}
VOLUME = {
    "name": None, "configMap": {"name": None} | CHOSEN, "secret": {"secretName": None} | CHOSEN,
    "emptyDir": {"medium": None, "sizeLimit": None}, "csi": {"driver": None, "readOnly": None, "volumeAttributes": None},
    # The agent's own, which is stood in for.
    "projected": {"defaultMode": None, "sources": None}, "downwardAPI": {"defaultMode": None, "items": None},
}
POD = {
    "serviceAccountName": None, "automountServiceAccountToken": None, "terminationGracePeriodSeconds": None,
    "containers": CONTAINER, "initContainers": CONTAINER, "volumes": VOLUME,
    "dnsPolicy": None, "dnsConfig": {"nameservers": None, "searches": None, "options": {"name": None, "value": None}},
    "securityContext": {
        "runAsUser": None, "runAsGroup": None, "runAsNonRoot": None, "fsGroup": None, "supplementalGroups": None,
        "sysctls": {"name": None, "value": None}, "seccompProfile": PROFILE,
    },
    # Variables for Services, and which node: neither is there in a walk.
    "enableServiceLinks": None, "topologySpreadConstraints": None,
}
# Of the operator's resource, what becomes of its pods.
PXC = {
    "size": None, "image": None, "serviceAccountName": None, "labels": None, "replicationChannels": None,
    "podSecurityContext": POD["securityContext"], "sidecars": CONTAINER, "sidecarVolumes": VOLUME,
    # Of the database alone.
    "volumeSpec": None, "configuration": None,
}


def check(cluster):
    for w in cluster.workloads:
        yield from (f"{w.name}: nothing here reads {field}" for field in unread(w))


def unread(w):
    """The fields of a workload's pods that are not in the lists."""
    return beyond(*((w.pxc, PXC) if w.pxc else (w.pod, POD)))


def beyond(given, known, at=""):
    if known is None:
        return
    if isinstance(given, list):
        for number, item in enumerate(given):
            yield from beyond(item, known, f"{at}[{item.get('name', number)}]")
        return
    for key, value in given.items():
        path = f"{at}.{key}".removeprefix(".")
        if key in known:
            yield from beyond(value, known[key], path)
        else:
            yield path
