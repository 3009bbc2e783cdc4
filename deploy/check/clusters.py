"""The set-ups under deploy/, each as what is applied to its two clusters."""
from check import kustomize

DOMAIN = "svc.cluster.local"
# What connect-clusters.sh replaces by the real address.
GATEWAY = "172.21.0.3"
GATEWAY_PORT = 15443
# Where our shim takes mTLS from a gateway (mesh/src/exports.rs).
SHIM_PORT = 15444

REFERENCE_B = ("istio/cluster-b/hello", "istio/cluster-b/pxc")
SETUPS = {
    "istio": (("istio/cluster-a/gateway", "istio/cluster-a/hello", "istio/cluster-a/pxc"), REFERENCE_B),
    "our gateway": (("mixed/our-gateway", "istio/cluster-a/hello", "istio/cluster-a/pxc"), REFERENCE_B),
    "our shims in A": (
        ("istio/cluster-a/gateway", "mixed/our-shims/cluster-a/hello", "mixed/our-shims/cluster-a/pxc"),
        REFERENCE_B,
    ),
    "our shims in B": (
        ("istio/cluster-a/gateway", "istio/cluster-a/hello", "istio/cluster-a/pxc"),
        ("mixed/our-shims/cluster-b/hello", "istio/cluster-b/pxc"),
    ),
}


# What istioctl installs, of cluster A and of cluster B.
CONTROL_PLANES = ("istio/control-plane/cluster-a.yaml", "istio/control-plane/cluster-b.yaml")


class Workload:
    """Pods with one template: a Deployment, a StatefulSet or a PXC cluster."""

    def __init__(self, document):
        spec, self.namespace = document["spec"], document["metadata"]["namespace"]
        self.kind, self.name = document["kind"], document["metadata"]["name"]
        self.pxc = spec.get("pxc")
        if self.kind == "PerconaXtraDBCluster":
            self.update = spec.get("updateStrategy", "RollingUpdate"), spec.get("upgradeOptions", {}).get("apply")
            self.read_pxc(spec["pxc"])
            return
        template = spec["template"]
        self.service = spec.get("serviceName")
        # Without a number it is a HorizontalPodAutoscaler's, or one.
        self.replicas = spec.get("replicas", 1)
        self.ready_for = spec.get("minReadySeconds", 0)
        self.labels = template["metadata"]["labels"]
        self.selector = spec["selector"]["matchLabels"]
        self.pod = template["spec"]
        self.init_containers = self.pod.get("initContainers", [])
        self.plain_containers = self.pod["containers"]
        self.volumes = self.pod.get("volumes", [])
        self.account = self.pod["serviceAccountName"]

    def read_pxc(self, pxc):
        """As the operator makes them: `db` has the pods db-pxc-N, with these labels."""
        labels = {"app.kubernetes.io/component": "pxc", "app.kubernetes.io/instance": self.name}
        self.name += "-pxc"
        self.service = self.name
        self.replicas = pxc["size"]
        self.labels = labels | pxc.get("labels", {})
        self.selector = labels
        database = {"name": "pxc", "ports": [{"name": "mysql", "containerPort": 3306}]}
        # What it gives its pods where the resource says nothing, but on OpenShift.
        self.pod = {"securityContext": pxc.get("podSecurityContext", {"fsGroup": 1001, "supplementalGroups": [1001]})}
        self.init_containers = []
        self.plain_containers = [database, *pxc.get("sidecars", [])]
        self.volumes = pxc.get("sidecarVolumes", [])
        self.account = pxc["serviceAccountName"]

    @property
    def containers(self):
        return [*self.plain_containers, *self.init_containers]

    def pods(self):
        return [f"{self.name}-{n}" for n in range(self.replicas)] if self.kind != "Deployment" else []

    def runs(self, part):
        """Whether a container is our gateway or our shim."""
        return self.ours(part) is not None

    def ours(self, part):
        """The container with that server of ours: of the image with all of them, or of its own."""
        def is_it(c):
            if c.get("command") == ["eastwest", part]:
                return True
            return f"/eastwest-{part}:" in c.get("image", "") and c.get("args", [None])[0] != "capture"
        return next((c for c in self.containers if is_it(c)), None)

    def port(self, target):
        """The number of a port, given by number or name; None where no container has it."""
        ports = [p for c in self.containers for p in c.get("ports", [])]
        return next((p["containerPort"] for p in ports if target in (p.get("name"), p["containerPort"])), None)


class Proxy:
    """HAProxy's pods before a PXC cluster, as the operator makes them: of the databases, and without a shim."""

    def __init__(self, document):
        self.namespace, cluster = document["metadata"]["namespace"], document["metadata"]["name"]
        self.name = f"{cluster}-haproxy"
        self.labels = {"app.kubernetes.io/component": "haproxy", "app.kubernetes.io/instance": cluster}
        self.containers = [{"name": "haproxy", "ports": [{"containerPort": port} for port in (3306, 3307, 3309, 33060, 33062)]}]


class Cluster:
    def __init__(self, objects):
        self.objects = objects
        self.workloads = [Workload(o) for o in objects if "template" in o.get("spec", {}) or "pxc" in o.get("spec", {})]
        self.proxies = [Proxy(o) for o in self.of("PerconaXtraDBCluster") if o["spec"].get("haproxy", {}).get("enabled")]

    def of(self, kind, namespace=None):
        return [o for o in self.objects if o["kind"] == kind and namespace in (None, o["metadata"].get("namespace"))]

    def named(self, kind, namespace, name):
        return next((o for o in self.of(kind, namespace) if o["metadata"]["name"] == name), None)

    def workload_of_pod(self, namespace, pod):
        return next((w for w in self.workloads if w.namespace == namespace and pod in w.pods()), None)

    def gateways(self):
        return [w for w in self.workloads if w.labels.get("istio") == "eastwestgateway" and w.replicas]


def load(deploy, setups=None):
    for name, folders in (SETUPS if setups is None else setups).items():
        rendered = [[o for folder in side for o in kustomize.render(deploy / folder)] for side in folders]
        yield name, Cluster(rendered[0]), Cluster(rendered[1])


def control_planes(deploy):
    found = [kustomize.documents(deploy / file) for file in CONTROL_PLANES]
    if any([d.get("kind") for d in file] != ["IstioOperator"] for file in found):
        raise kustomize.Unsupported(f"{' and '.join(CONTROL_PLANES)}: one IstioOperator in each, and nothing else")
    return [operator for [operator] in found]
