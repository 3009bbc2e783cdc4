"""The Helm chart, rendered by Helm's own engine, beside what kustomize makes of the folders.

`python -m check.chart --write` writes what it renders into kubernetes/chart/rendered, for people to read.
"""
import pathlib
import sys

import helm_python
import yaml

from check import clusters, kustomize, own_setups, pods, strict_yaml

KUBERNETES = pathlib.Path(__file__).resolve().parent.parent / "kubernetes"
CHART = KUBERNETES / "chart"
RENDERED = CHART / "rendered"
POLICY = "helm.sh/resource-policy"
IDENTITIES = {"secret": "", "csi-driver-spiffe": "with/csi-driver-spiffe/", "istiod": "with/istiod/"}
# The gateway has to be said, and the folders' is documentation's, which the chart refuses.
GATEWAY = "172.21.0.3"
REPLICA = {"enabled": True, "gateway": GATEWAY}
REPLICAS = {"redirect": (), "port": ("resolver/coredns",), "service": ()}


def cases():
    """Values by name, and the folders that hold the same."""
    for kind, prefix in IDENTITIES.items():
        identity = {"createNamespaces": True, "identity": {"kind": kind}}
        source = {"gateway": {"enabled": True}, "source": {"enabled": True}}
        yield f"source-{kind}", identity | source, ("gateway", folder(prefix, "pxc/source"))
        for mode, others in REPLICAS.items():
            values = identity | {"replica": REPLICA | {"mode": mode, "corednsCustom": True}}
            yield f"replica-{mode}-{kind}", values, (folder(prefix, f"pxc/replica-{mode}"), *others)


def folder(prefix, path):
    return prefix + (path.replace("/", "-") if prefix else path)


def render(values):
    with helm_python.Chart.load(str(CHART)) as chart:
        chart.validate_schema(values)
        texts = chart.render(values, name="eastwest", namespace="eastwest")
    return [d for _, text in sorted(texts.items()) for d in strict_yaml.load_all(text) if d]


def kept(objects):
    """What Helm must not take away, because a database goes with it, or stays and has lost what it needs."""
    cluster = clusters.Cluster(objects)
    databases = [w for w in cluster.workloads if w.kind == "PerconaXtraDBCluster"]
    found = [*cluster.of("Namespace"), *cluster.of("PerconaXtraDBCluster"), *cluster.of("Role"), *cluster.of("RoleBinding")]
    for w in databases:
        found += [cluster.named("ServiceAccount", w.namespace, w.account)]
        found += [cluster.named("ConfigMap", w.namespace, name) for name in pods.config_maps(w) if name not in pods.GIVEN["ConfigMap"]]
    for w in (*databases, *cluster.proxies):
        found += [p for p in cluster.of("NetworkPolicy", w.namespace) if pods.selects(p["spec"]["podSelector"]["matchLabels"], w.labels)]
    for o in found:
        if o["metadata"].get("annotations", {}).get(POLICY) != "keep":
            yield f"{o['kind']} {o['metadata']['name']}: `helm uninstall` takes it away"


def without_policy(o):
    """An object without what is said to Helm alone."""
    metadata = dict(o["metadata"])
    annotations = {key: value for key, value in metadata.pop("annotations", {}).items() if key != POLICY}
    return o | {"metadata": metadata | ({"annotations": annotations} if annotations else {})}


def by_name(objects):
    """Files of YAML in a ConfigMap as what they say: comments may differ."""
    named = {}
    for o in objects:
        if o["kind"] == "ConfigMap":
            read = {k: [d for d in strict_yaml.load_all(v) if d] if k.endswith(".yaml") else v for k, v in o["data"].items()}
            o = o | {"data": read}
        key = (o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"])
        named[key] = ordered(o)
    return named


def ordered(node):
    """Lists in which Kubernetes minds no order, such as environments, by name."""
    if isinstance(node, dict):
        return {key: ordered(value) for key, value in node.items()}
    if isinstance(node, list):
        items = [ordered(item) for item in node]
        fields = all(isinstance(i, dict) and "name" in i and set(i) <= {"name", "value", "valueFrom"} for i in items)
        return sorted(items, key=lambda i: i["name"]) if items and fields else items
    return node


def differences(values, folders, component=None):
    # The databases' namespace is in no folder: `kubectl delete -k` knows no `keep`.
    ours = by_name(without_policy(o) for o in render(values) if (o["kind"], o["metadata"]["name"]) != ("Namespace", "pxc"))
    theirs = own_setups.with_gateway([o for f in folders for o in kustomize.render(KUBERNETES / f)], GATEWAY)
    theirs = by_name(kustomize.render(KUBERNETES / component, theirs) if component else theirs)
    for key in sorted(ours.keys() ^ theirs.keys(), key=str):
        yield f"{key} is in the {'chart' if key in ours else 'folders'} alone"
    for key in sorted(ours.keys() & theirs.keys(), key=str):
        yield from (f"{key}: {line}" for line in apart(ours[key], theirs[key]))


def apart(ours, theirs, path=""):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            yield from apart(ours.get(key), theirs.get(key), f"{path}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, pair in enumerate(zip(ours, theirs)):
            yield from apart(*pair, f"{path}[{number}]")
    elif ours != theirs:
        yield f"{path}: {ours!r} in the chart, {theirs!r} in the folders"


def dumped(objects):
    return yaml.safe_dump_all(objects, sort_keys=True, width=100)


def check():
    names = set()
    for name, values, folders in cases():
        yield from (f"chart, {name}: {line}" for line in (*differences(values, folders), *kept(render(values))))
        names.add(f"{name}.yaml")
        file = RENDERED / f"{name}.yaml"
        if not file.is_file() or file.read_text() != dumped(render(values)):
            yield f"{file.name} is not what the chart renders: run `python -m check.chart --write`"
    yield from (f"{f.name} is rendered of nothing" for f in RENDERED.iterdir() if f.name not in names)
    yield from linted(helm_python.lint(str(CHART)))


def linted(result):
    yield from (f"helm lint: {error}" for error in result["errors"])
    # 1 is an advice, such as to have an icon.
    yield from (f"helm lint: {m['path']}: {m['error']}" for m in result["messages"] if m["severity"] > 1)


def write():
    RENDERED.mkdir(exist_ok=True)
    for name, values, _ in cases():
        (RENDERED / f"{name}.yaml").write_text(dumped(render(values)))


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    write()
