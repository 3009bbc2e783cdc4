"""Whom a pod asks for names: the cluster's DNS, the shim beside it, or the node's servers."""
from check.clusters import DOMAIN
from check.own_setups import flag
from check.volumes import Unknown

# What `ground` writes into each resolv.conf, as kubelet does for the cluster's DNS.
OPTIONS = [{"name": "ndots", "value": "5"}]
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
    elif w.runs("resolver"):
        if (given, servers) != ("Default", []):
            yield f"dnsPolicy is {given} with {servers}, and not Default: the cluster's DNS asks the resolver, which asks it again"
    elif (given, servers) != ("ClusterFirst", []):
        yield f"dnsPolicy is {given} with {servers}, and nothing in the pod needs another than ClusterFirst"


def resolv_conf(w, dns):
    """Name servers and search domains as kubelet has them; the cluster's DNS stands in for the node's servers."""
    given, config = w.pod.get("dnsPolicy", "ClusterFirst"), w.pod.get("dnsConfig", {})
    if config.get("options", OPTIONS) != OPTIONS:
        raise Unknown(f"{w.name}: dnsConfig.options {config['options']}")
    known = {
        "ClusterFirst": ([dns], [f"{w.namespace}.{DOMAIN}", DOMAIN, "cluster.local"]),
        "Default": ([dns], []),
        "None": ([], []),
    }
    if given not in known:
        raise Unknown(f"{w.name}: dnsPolicy {given}")
    servers, searches = known[given]
    return servers + config.get("nameservers", []), searches + config.get("searches", [])
