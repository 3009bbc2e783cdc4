"""The set-ups of kubernetes/, without Istio: what is applied to each cluster, and what our programs read."""
import json

from check import kustomize, strict_yaml
from check.pods import config_maps

GATEWAY_FOLDER = "kubernetes/gateway"
IDENTITIES = ("", "with/csi-driver-spiffe/", "with/istiod/")
# The two ends of each path, and what else is applied in cluster B.
PATHS = {
    "hello, vip": ("hello/source", "hello/client", ()),
    "pxc, redirect": ("pxc/source", "pxc/replica-redirect", ()),
    "pxc, port": ("pxc/source", "pxc/replica-port", ("kubernetes/resolver/coredns",)),
    "pxc, service": ("pxc/source", "pxc/replica-service", ()),
}
# The address of cluster A's gateway, for people to replace.
GATEWAY = "203.0.113.10"
# What an alias's name becomes in mode `port` (the shim's --port-offset).
OFFSET = 10000


# For clusters whose pods have IPv6 addresses: what each component is put on.
IPV6 = (
    ("gateway", ("gateway",)),
    ("hello", ("hello/source", "hello/client")),
    ("pxc-source", ("pxc/source",)),
    ("pxc-replica-redirect", ("pxc/replica-redirect",)),
    ("pxc-replica", ("pxc/replica-port", "resolver/coredns")),
    ("pxc-replica", ("pxc/replica-service",)),
)
# Of each path's two ends.
IPV6_ENDS = {
    "hello, vip": ("hello", "hello"),
    "pxc, redirect": ("pxc-source", "pxc-replica-redirect"),
    "pxc, port": ("pxc-source", "pxc-replica"),
    "pxc, service": ("pxc-source", "pxc-replica"),
}
COMPONENTS = "kubernetes/ipv6"
# Pods with both, of which kubelet knows that of IPv6; and pods with nothing but IPv6.
WITH_IPV6, IPV6_ALONE = "IPv6", "IPv6 alone"


def with_ipv6(deploy):
    """Each component, and what it makes of its folders."""
    for component, folders in IPV6:
        objects = [o for f in folders for o in kustomize.render(deploy / "kubernetes" / f)]
        yield component, folders, kustomize.render(deploy / "kubernetes/ipv6" / component, objects)


def folder(identity, path):
    return f"kubernetes/{identity}{path.replace('/', '-') if identity else path}"


def setups():
    return {
        f"{name}, {identity.split('/')[1] if identity else 'secrets'}": (
            (GATEWAY_FOLDER, folder(identity, source)), (folder(identity, caller), *others))
        for name, (source, caller, others) in PATHS.items() for identity in IDENTITIES
    }


def walks():
    """Every set-up, and each path twice more with the components for IPv6. A side is what is applied to its cluster:
    a component, or none, with the folders that it is put on."""
    found = {name: tuple(((None, folders),) for folders in sides) for name, sides in setups().items()}
    for name, (source, caller, others) in PATHS.items():
        here, there = IPV6_ENDS[name]
        for with_ in (WITH_IPV6, IPV6_ALONE):
            found[f"{name}, {with_}"] = (
                (("gateway", (GATEWAY_FOLDER,)), (here, (folder("", source),))), ((there, (folder("", caller), *others)),))
    return found


def applied(deploy, side):
    """The objects of a side."""
    for component, folders in side:
        objects = [o for at in folders for o in kustomize.render(deploy / at)]
        yield from kustomize.render(deploy / COMPONENTS / component, objects) if component else objects


def with_gateway(objects, address):
    """The objects with this address in place of the documentation's, as people put it there."""
    text = json.dumps(objects).replace(f"{GATEWAY}/32", f"{address}/{128 if ':' in address else 32}").replace(GATEWAY, address)
    return json.loads(text)


def unwalked(deploy, walked=None):
    """The folders that no walk has, neither whole nor as a part of one."""
    seen, left = set(), []
    for sides in walks().values() if walked is None else walked.values():
        for component, folders in (pair for side in sides for pair in side):
            left += [deploy / at for at in (*folders, *([f"{COMPONENTS}/{component}"] if component else []))]
    while left:
        at = left.pop().resolve()
        seen.add(at)
        left += [part for part in kustomize.parts(at) if part.resolve() not in seen]
    there = {file.parent.resolve() for file in (deploy / "kubernetes").rglob("kustomization.yaml")}
    return sorted(str(at.relative_to(deploy.resolve())) for at in there - seen)


def manifests(cluster, workload, kind):
    """The objects of a kind in the ConfigMaps that a workload mounts."""
    for name in config_maps(workload):
        config_map = cluster.named("ConfigMap", workload.namespace, name)
        for text in (config_map or {}).get("data", {}).values():
            yield from (d for d in strict_yaml.load_all(text) if d and d["kind"] == kind)


def flag(container, name, default=None):
    args = container.get("args", [])
    return args[args.index(name) + 1] if name in args else default


def gateway_of(a):
    return next((w for w in a.workloads if w.runs("gateway")), None)


def callers_of(b):
    """The workloads that call aliases: those with a shim."""
    return [w for w in b.workloads if w.runs("shim")]


def mode(workload):
    return flag(workload.ours("shim"), "--mode", "vip")
