"""How pods of ours go: not all at once, and not before others have taken their place."""
from check.pods import selects


def check(cluster):
    for budget in cluster.of("PodDisruptionBudget"):
        yield from (f"PodDisruptionBudget {budget['metadata']['name']}: {line}" for line in disruption(cluster, budget))


def disruption(cluster, budget):
    """One pod at a time, however many there are: with one alone `minAvailable` keeps its node for ever."""
    spec, namespace = budget["spec"], budget["metadata"]["namespace"]
    if not any(w.namespace == namespace and selects(spec["selector"]["matchLabels"], w.labels) for w in cluster.workloads):
        yield "is about no pod"
    if spec.get("maxUnavailable") != 1 or "minAvailable" in spec:
        yield "maxUnavailable is not 1"
