"""How pods of ours go: not all at once, and not before others have taken their place."""
from check.own_setups import flag
from check.pods import selects

# Defaults of `--drain-lame-duck` and `--drain-grace`, and of a pod's terminationGracePeriodSeconds; seconds.
LAME_DUCK, GRACE, KILLED = "5s", "20s", 30


def check(cluster):
    for budget in cluster.of("PodDisruptionBudget"):
        yield from (f"PodDisruptionBudget {budget['metadata']['name']}: {line}" for line in disruption(cluster, budget))


    for w in cluster.workloads:
        yield from (f"{w.name}: {line}" for line in drained(w))


def drained(w):
    """Of pods that are there for one of our servers: it ends by itself, and a gateway after another is in its place."""
    for c in (c for c in w.plain_containers if w.kind == "Deployment" and "/eastwest-" in c.get("image", "")):
        takes = seconds(flag(c, "--drain-lame-duck", LAME_DUCK)) + seconds(flag(c, "--drain-grace", GRACE))
        if w.pod.get("terminationGracePeriodSeconds", KILLED) <= takes:
            yield f"it is killed before {takes} s, in which it drains"
        if w.runs("gateway") and w.ready_for < takes:
            yield f"minReadySeconds is {w.ready_for}: an old one is gone before a load balancer can know the new one"


def seconds(duration):
    return int(duration.removesuffix("s"))


def disruption(cluster, budget):
    """One pod at a time, however many there are: with one alone `minAvailable` keeps its node for ever."""
    spec, namespace = budget["spec"], budget["metadata"]["namespace"]
    if not any(w.namespace == namespace and selects(spec["selector"]["matchLabels"], w.labels) for w in cluster.workloads):
        yield "is about no pod"
    if spec.get("maxUnavailable") != 1 or "minAvailable" in spec:
        yield "maxUnavailable is not 1"
