"""Whom a pod asks for names: the cluster's DNS, the shim beside it, or the node's servers."""
from check.clusters import DOMAIN
from check.own_setups import flag
from check.volumes import Unknown

# What kubelet writes for whoever asks the cluster's DNS.
OPTIONS = {"ndots": "5"}
# A question that is lost with the shim is asked again before MySQL tries to connect once more, and slow servers are
# waited for no less than five seconds.
LOST = {"timeout": "1", "attempts": "5"}
HERE = "127.0.0.1"


def check(cluster):
    for w in cluster.workloads:
        yield from (f"{w.name}: {line}" for line in policy(w))


def policy(w):
    """An alias is to be asked of whoever has it, and of nobody before."""
    given, servers = w.pod.get("dnsPolicy", "ClusterFirst"), w.pod.get("dnsConfig", {}).get("nameservers", [])
    shim = w.ours("shim")
    if shim and flag(shim, "--dns-listen") == f"{HERE}:53":
        if (given, servers) != ("None", [HERE]):
            yield f"dnsPolicy is {given} with {servers}, and not None with the shim at {HERE} alone: others deny the aliases"
        elif not LOST.items() <= options(w).items():
            yield f"dnsConfig.options are {options(w)}, without {LOST}: a question that is lost with the shim is asked again after 5 s"
    elif w.runs("resolver"):
        if (given, servers) != ("Default", []):
            yield f"dnsPolicy is {given} with {servers}, and not Default: the cluster's DNS asks the resolver, which asks it again"
    elif (given, servers) != ("ClusterFirst", []):
        yield f"dnsPolicy is {given} with {servers}, and nothing in the pod needs another than ClusterFirst"


def options(w):
    """Those of dnsConfig, by name."""
    given = {o["name"]: o.get("value", "") for o in w.pod.get("dnsConfig", {}).get("options", [])}
    if unknown := given.keys() - OPTIONS.keys() - LOST.keys():
        raise Unknown(f"{w.name}: dnsConfig.options {sorted(unknown)}")
    return given


def resolv_conf(w, dns):
    """Name servers, search domains and options as kubelet has them; the cluster's DNS stands in for the node's servers."""
    given, config = w.pod.get("dnsPolicy", "ClusterFirst"), w.pod.get("dnsConfig", {})
    known = {
        "ClusterFirst": ([dns], [f"{w.namespace}.{DOMAIN}", DOMAIN, "cluster.local"], OPTIONS),
        "Default": ([dns], [], {}),
        "None": ([], [], {}),
    }
    if given not in known:
        raise Unknown(f"{w.name}: dnsPolicy {given}")
    servers, searches, preset = known[given]
    return servers + config.get("nameservers", []), searches + config.get("searches", []), {**preset, **options(w)}
