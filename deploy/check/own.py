"""All that is checked of a set-up of kubernetes/."""
from check import agent, confined, fields, going, names, own_paths, own_walls, pods


def check(a, b):
    for side, cluster in (("A", a), ("B", b)):
        for line in (*pods.check(cluster), *kept(cluster), *agent.check(cluster), *confined.check(cluster), *going.check(cluster), *fields.check(cluster), *names.check(cluster)):
            yield f"cluster {side}: {line}"
    yield from own_paths.check(a, b)
    yield from own_walls.check(a, b)


def kept(cluster):
    """Whoever deletes a folder means what is in it, and not the rows."""
    for w in cluster.workloads:
        if w.kind == "PerconaXtraDBCluster" and cluster.named("Namespace", None, w.namespace):
            yield f"`kubectl delete -k` takes the namespace {w.namespace} away, and every volume in it"
