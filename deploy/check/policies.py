"""NetworkPolicies as rules of nft, for pods that are network namespaces: who may reach whom at which port."""
from check.pods import selects

NAMESPACE = "kubernetes.io/metadata.name"


class Member:
    """A pod with an address, of one cluster; without labels the cluster's DNS."""

    def __init__(self, cluster, namespace, labels, address):
        self.cluster, self.namespace, self.labels, self.address = cluster, namespace, labels, address

    def policies(self, way):
        return [
            p["spec"] for p in self.cluster.of("NetworkPolicy", self.namespace)
            if way in p["spec"]["policyTypes"] and selects(p["spec"]["podSelector"]["matchLabels"], self.labels)
        ]


# What has left a pod for a virtual IP. Before it is routed: nothing of the network leads there, and what has
# no route comes by no other hook.
LEAKS = """table ip virtual {
chain leaks {
type filter hook prerouting priority -300; policy accept;
ip daddr 240.0.0.0/4 counter
}
}
"""
# Without which no pod of IPv6 finds its way out. NetworkPolicies have no say in it.
NEIGHBOURS = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } accept\n"


def table(members):
    """What passes must be let out by its pod's policies, and in by the other's. All have addresses of one family."""
    chains, jumps = [], []
    family = "ip6" if any(":" in member.address for member in members) else "ip"
    for number, member in enumerate(members):
        for way, side, peers in (("Egress", "daddr", "to"), ("Ingress", "saddr", "from")):
            found = member.policies(way)
            if not found:
                continue
            name = f"{way.lower()}{number}"
            accepted = "".join(rule(r, f"{family} {side}", peers, member, members) for spec in found for r in spec[way.lower()])
            chains.append(f"chain {name} {{\n{accepted}reject\n}}\n")
            jumps.append(f"{family} {'saddr' if way == 'Egress' else 'daddr'} {member.address} jump {name}\n")
    hooks = "".join(
        f"chain {hook} {{\ntype filter hook {hook} priority 0; policy accept;\n"
        f"ct state established,related accept\n{NEIGHBOURS if family == 'ip6' else ''}{''.join(jumps)}}}\n"
        for hook in ("forward", "input"))
    return f"table {family} walls {{\n{''.join(chains)}{hooks}}}\n{LEAKS}"


def rule(r, side, peers, member, members):
    """One rule of a policy: a line for each kind of port, without ports one for all."""
    addresses = [a for peer in r.get(peers, []) for a in reached(peer, member, members)]
    if peers in r and not addresses:
        return ""
    match = f"{side} {{ {', '.join(sorted(set(addresses)))} }} " if peers in r else ""
    ports = [f"{p['protocol'].lower()} dport {p['port']} " for p in r.get("ports", [])] or [""]
    return "".join(f"{match}{port}return\n" for port in ports)


def reached(peer, member, members):
    """The addresses that a peer of a policy stands for."""
    if "ipBlock" in peer:
        return [peer["ipBlock"]["cidr"]]
    return [
        other.address for other in members
        if other.cluster is member.cluster
        and in_namespace(peer, member, other)
        and selects(peer.get("podSelector", {}).get("matchLabels", {}), other.labels)
    ]


def in_namespace(peer, member, other):
    if "namespaceSelector" not in peer:
        return other.namespace == member.namespace
    return selects(peer["namespaceSelector"].get("matchLabels", {}), {NAMESPACE: other.namespace})
