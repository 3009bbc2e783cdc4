"""What both control planes must agree on with each other, and with the names in the manifests."""
DNS_CAPTURE = "ISTIO_META_DNS_CAPTURE"
DNS_AUTO_ALLOCATE = "ISTIO_META_DNS_AUTO_ALLOCATE"
# Istio's own, where none is set (MeshConfig).
TRUST_DOMAIN = "cluster.local"


def check(operators, a, b):
    settings = [operator.get("spec", {}) for operator in operators]
    domains = [spec.get("meshConfig", {}).get("trustDomain", TRUST_DOMAIN) for spec in settings]
    if domains[0] != domains[1]:
        yield f"the trust domains are {' and '.join(domains)}: neither cluster accepts the other's certificates"
    meshes = [spec.get("values", {}).get("global", {}).get("meshID") for spec in settings]
    if meshes[0] != meshes[1]:
        yield f"meshID is {meshes[0]} in cluster A and {meshes[1]} in cluster B"
    yield from dns(settings[1], b)
    for side, cluster in (("A", a), ("B", b)):
        for who, name in identities(cluster):
            # A principal may begin with a wildcard.
            yield from (
                f"cluster {side}: {who} names {name}, which is not of the trust domain {domain}"
                for domain in sorted(set(domains)) if not name.startswith(("*", f"{domain}/"))
            )


def dns(spec, b):
    """Sidecars of Istio in B answer the aliases; ours does so by itself."""
    istios = [w.name for w in b.workloads if not w.runs("shim")]
    metadata = spec.get("meshConfig", {}).get("defaultConfig", {}).get("proxyMetadata", {})
    # The values of proxyMetadata are texts: a bare true is refused.
    if istios and metadata.get(DNS_CAPTURE) != "true":
        yield f"cluster B: {DNS_CAPTURE} is {metadata.get(DNS_CAPTURE)!r} and not 'true': {istios[0]} finds no alias"
    bare = [e["metadata"]["name"] for e in b.of("ServiceEntry") if not e["spec"].get("addresses")]
    if istios and bare and metadata.get(DNS_AUTO_ALLOCATE) != "true":
        yield f"cluster B: {bare[0]} has no addresses, and {DNS_AUTO_ALLOCATE} is not 'true'"


def identities(cluster):
    """Who names whom, without `spiffe://`."""
    for policy in cluster.of("AuthorizationPolicy"):
        for rule in policy["spec"].get("rules", []):
            for source in rule.get("from", []):
                for key in ("principals", "notPrincipals"):
                    for name in source["source"].get(key, []):
                        yield f"AuthorizationPolicy {policy['metadata']['name']}", name
    for entry in cluster.of("ServiceEntry"):
        for name in entry["spec"].get("subjectAltNames", []):
            yield f"ServiceEntry {entry['metadata']['name']}", name.removeprefix("spiffe://")
    for rule in cluster.of("DestinationRule"):
        for name in alternative_names(rule["spec"]):
            yield f"DestinationRule {rule['metadata']['name']}", name.removeprefix("spiffe://")


def alternative_names(node):
    """In a trafficPolicy, in one of a port, or in one of a subset."""
    if isinstance(node, list):
        for item in node:
            yield from alternative_names(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from value if key == "subjectAltNames" else alternative_names(value)
