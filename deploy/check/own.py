"""All that is checked of a set-up of kubernetes/."""
from check import confined, fields, going, names, own_paths, own_walls, pods


def check(a, b):
    for side, cluster in (("A", a), ("B", b)):
        for line in (*pods.check(cluster), *confined.check(cluster), *going.check(cluster), *fields.check(cluster), *names.check(cluster)):
            yield f"cluster {side}: {line}"
    yield from own_paths.check(a, b)
    yield from own_walls.check(a, b)
