"""Each rule for the manifests without Istio fails when what it guards is broken."""
import pathlib
import unittest

from check import clusters, own, own_setups
from check.breaking import Breaking, find

DEPLOY = pathlib.Path(__file__).resolve().parent.parent
SERVICE, PORT, REDIRECT, HELLO = (f"{name}, secrets" for name in ("pxc, service", "pxc, port", "pxc, redirect", "hello, vip"))


class Own(Breaking):
    setups = {name: (a.objects, b.objects) for name, a, b in clusters.load(DEPLOY, own_setups.setups())}
    default = HELLO
    rules = staticmethod(own.check)

    def config_map(self, message, side, name, old, new, setup):
        """Replaces a text in each file of a ConfigMap."""
        def replace(*ab):
            data = find(ab[side], "ConfigMap", name)["data"]
            for file, text in data.items():
                self.assertIn(old, text)
                data[file] = text.replace(old, new)
        self.broken(message, replace, setup)

    def pxc(self, message, side, edit, setup=PORT):
        self.edit(message, side, "PerconaXtraDBCluster", "db", lambda s: edit(s["pxc"]), setup)

    def shim(self, message, edit, side=0, kind="StatefulSet", name="hello"):
        self.edit(message, side, kind, name, lambda s: edit(s["template"]["spec"]["initContainers"][0]))

    def test_unbroken(self):
        self.check_unbroken()

    def test_a_database_pod(self):
        probe = {"httpGet": {"path": "/healthz/ready", "port": 15021}}
        self.pxc("takes the database out of service", 0, lambda p: p["sidecars"][0].update(readinessProbe=probe))
        self.pxc("for one late second", 0, lambda p: p["sidecars"][0]["livenessProbe"].pop("timeoutSeconds"))
        self.pxc("for one late second", 0, lambda p: p["sidecars"][0]["livenessProbe"].update(failureThreshold=3))
        self.pxc("operator skips", 0, lambda p: p["sidecars"][0].update(name="logs"))
        self.pxc("no init container has no", 0, lambda p: p["sidecars"][0].update(restartPolicy="Always"))
        self.pxc("one name or one port", 0, lambda p: p["sidecars"][0]["ports"].append({"containerPort": 3306}))
        self.pxc("no ConfigMap", 1, lambda p: p["sidecarVolumes"][1]["configMap"].update(name="other"))
        self.pxc("no Secret other", 1, lambda p: p["sidecarVolumes"][0]["secret"].update(secretName="other"))
        self.pxc("identity is no volume", 1, lambda p: p["sidecarVolumes"].pop(0))
        self.pxc("more is mounted nowhere", 1, lambda p: p["sidecarVolumes"].append({"name": "more", "emptyDir": {}}))
        self.pxc("two volumes have one name", 1, lambda p: p["sidecarVolumes"].append(p["sidecarVolumes"][0]))

    def test_the_primary_is_updated_last(self):
        def database(edit):
            self.edit("not SmartUpdate and disabled", 0, "PerconaXtraDBCluster", "db", edit, PORT)
        database(lambda s: s.pop("updateStrategy"))
        database(lambda s: s.pop("upgradeOptions"))

    def test_probes_and_native_sidecars(self):
        self.shim("asks port 15022", lambda c: c["readinessProbe"]["httpGet"].update(port=15022))
        self.shim("does not ask /livez", lambda c: c["livenessProbe"]["httpGet"].update(path="/"))
        self.shim("a probe needs", lambda c: c.pop("restartPolicy"))
        self.shim("is restarted always", lambda c: c.update(restartPolicy="Never"))
        self.shim("no ConfigMap other", lambda c: c.update(envFrom=[{"configMapRef": {"name": "other"}}]))
        variable = {"name": "A", "valueFrom": {"secretKeyRef": {"name": "other", "key": "a"}}}
        self.shim("no Secret other", lambda c: c.update(env=[variable]))

    def test_pod_security(self):
        def context(message, **changes):
            self.shim(message, lambda c: c["securityContext"].update(changes))
        context("may get privileges", allowPrivilegeEscalation=True)
        context("keeps capabilities", capabilities={})
        context("adds ['NET_ADMIN']", capabilities={"drop": ["ALL"], "add": ["NET_ADMIN"]})
        context("may be root", runAsUser=0)
        context("does not run as 1337", runAsUser=1338)
        context("root can be written", readOnlyRootFilesystem=False)
        context("seccompProfile", seccompProfile={"type": "Unconfined"})
        self.shim("another image tomorrow", lambda c: c.update(image="ghcr.io/eastwest-mesh/eastwest-shim:latest"))
        self.shim("entrypoint is the program", lambda c: c.update(command=["sh"]))
        self.shim("port 15020 is not declared", lambda c: c["ports"].pop(1))
        self.edit("token is mounted", 0, "StatefulSet", "hello", lambda s: s["template"]["spec"].pop("automountServiceAccountToken"))

        def level(message, setup, enforced, name):
            labels = {"pod-security.kubernetes.io/enforce": enforced}
            def edit(a, b):
                b[:] = [o for o in b if o["kind"] != "Namespace"]
                b.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
            self.broken(message, edit, setup)
        level("its pods need restricted", HELLO, "baseline", "demo")
        level("its pods need baseline", PORT, "restricted", "pxc")
        level("its pods need privileged", REDIRECT, "baseline", "pxc")

    def test_the_volumes_stay(self):
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "pxc", "labels": {}}}
        self.broken("and every volume in it", lambda a, b: a.append(namespace), PORT)

    def test_the_capture_container(self):
        def capture(message, edit):
            self.pxc(message, 1, lambda p: edit(p["sidecars"][0]["securityContext"]), REDIRECT)
        capture("uid 0 with NET_ADMIN", lambda c: c.update(runAsUser=1337))
        capture("uid 0 with NET_ADMIN", lambda c: c["capabilities"]["add"].append("NET_RAW"))
        capture("keeps capabilities", lambda c: c["capabilities"].pop("drop"))

    def test_aliases(self):
        def entry(message, old, new, setup=HELLO):
            self.config_map(message, 1, "eastwest-aliases", old, new, setup)
        entry("nobody replaces", "203.0.113.10", "10.0.0.9")
        entry("the pod runs as hello", "serviceAccount: hello", "serviceAccount: other")
        entry("not dialled at 15443", "http: 15443", "http: 8080")
        entry("hosts is", "src-hello-0.demo.svc", "src-hello-0.other.svc")
        entry("ask for port 81", "number: 8080", "number: 81")
        entry("has no pod nobody-0", "name: src-hello-", "name: src-nobody-")
        entry("has no alias", "kind: ServiceEntry", "kind: Service")
        self.remove("has no gateway", 0, "Deployment", "eastwest-gateway")
        self.config_map("exported by no Gateway", 0, "eastwest-exports", "*.demo", "*.other", HELLO)
        self.config_map("lets cluster.local/ns/demo/sa/app in", 0, "eastwest-callers", "sa/app", "sa/other", HELLO)
        self.config_map("in at 8080", 0, "eastwest-callers", '"8080"', '"80"', HELLO)
        self.shim("does not say that it has port 15444", lambda c: c["ports"].pop(0))

    def test_channels(self):
        def source(message, setup=PORT, **changes):
            self.pxc(message, 1, lambda p: p["replicationChannels"][0]["sourcesList"][0].update(changes), setup)
        source("is no alias", host="src-db-pxc-9.pxc.svc.cluster.local")
        source("or one twice", host="src-db-pxc-1.pxc.svc.cluster.local")
        source("is not to be had at port 3306", port=3306)
        source("is not to be had at port 13306", REDIRECT, port=13306)

    def test_services_of_aliases(self):
        self.remove("no Service has its name", 1, "Service", "src-db-pxc-0", SERVICE)
        self.edit("leads 3306 to 23301", 1, "Service", "src-db-pxc-0", lambda s: s["ports"][0].update(targetPort=23301), SERVICE)
        self.config_map("is 23400", 1, "eastwest-aliases", '"23300"', '"23400"', SERVICE)
        egress = lambda s: s["template"]["spec"]["containers"][0]["ports"].pop(0)
        self.edit("does not say that it has port 23300", 1, "Deployment", "eastwest-egress", egress, SERVICE)

    def test_the_clusters_dns(self):
        def stanza(message, old, new):
            self.config_map(message, 1, "coredns-custom", old, new, PORT)
        stanza("src-db-pxc-0.pxc.svc.cluster.local is an alias, or", "src-db-pxc-0.pxc.svc.cluster.local:53", "")
        stanza("pxc.svc.cluster.local is an alias, or", "src-db-pxc-0.pxc", "pxc")
        stanza("where the resolver is", "10.96.53.53", "10.96.53.54")
        self.remove("and not both", 1, "ConfigMap", "coredns-custom", PORT)

    def test_walls(self):
        def policy(message, side, name, edit, setup=HELLO):
            self.edit(message, side, "NetworkPolicy", name, edit, setup)
        admin = {"protocol": "TCP", "port": 15000}
        policy("which eastwest-gateway does not have", 0, "eastwest-gateway", lambda s: s["ingress"][0]["ports"].append(admin))
        policy("the gateway is open at", 0, "eastwest-gateway", lambda s: s["ingress"][0]["ports"].pop())
        policy("the gateway reaches", 0, "eastwest-gateway", lambda s: s["egress"][0]["ports"].append(admin))
        policy("is for all ports", 0, "eastwest-gateway", lambda s: s["egress"].append({"to": [{"podSelector": {}}]}))
        policy("is about no pod", 0, "hello", lambda s: s["podSelector"]["matchLabels"].update(a="b"))
        policy("for 0 peers", 0, "hello", lambda s: s.update(ingress=[]))
        policy("is not the gateway", 0, "hello", lambda s: s["ingress"][0]["from"][0].pop("podSelector"))
        policy("hello is open to others", 0, "hello", lambda s: s["ingress"][0]["ports"].append({"protocol": "TCP", "port": 8080}))
        for side in (0, 1):
            policy("open to other namespaces", side, "db-haproxy", lambda s: s["ingress"][0]["from"].append({"namespaceSelector": {}}), PORT)
            policy("open to other namespaces", side, "db-haproxy", lambda s: s["ingress"].append({}), PORT)
            self.remove("no NetworkPolicy is about it", side, "NetworkPolicy", "db-haproxy", PORT)
        policy("client leaves the cluster", 1, "client", lambda s: s["egress"][1].pop("ports"))
        policy("client leaves the cluster", 1, "client", lambda s: s["egress"].pop())
        policy("client reaches", 1, "client", lambda s: s["egress"][0]["ports"].append(admin))
        policy("db-pxc leaves the cluster", 1, "db-pxc-out", lambda s: s["egress"].append({"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}), SERVICE)
        policy("open to other namespaces", 1, "eastwest-egress", lambda s: s["ingress"][0]["from"].append({"namespaceSelector": {}}), SERVICE)
        policy("no NetworkPolicy opens 23300", 1, "eastwest-egress", lambda s: s["ingress"][0]["ports"].pop(0), SERVICE)

    def test_how_pods_go(self):
        def budget(message, edit):
            self.edit(message, 0, "PodDisruptionBudget", "eastwest-gateway", edit)
        budget("maxUnavailable is not 1", lambda s: s.update(minAvailable=1))
        budget("maxUnavailable is not 1", lambda s: s.update(maxUnavailable=0))
        def gateway(message, edit):
            self.edit(message, 0, "Deployment", "eastwest-gateway", edit)
        gateway("killed before 50 s", lambda s: s["template"]["spec"].update(terminationGracePeriodSeconds=50))
        gateway("killed before 50 s", lambda s: s["template"]["spec"].pop("terminationGracePeriodSeconds"))
        gateway("minReadySeconds is 0", lambda s: s.pop("minReadySeconds"))
        budget("is about no pod", lambda s: s["selector"].update(matchLabels={"a": "b"}))

    def test_names_of_ports(self):
        for name in ("src-cluster1-pxc-0", "a--b", "3306"):
            self.shim("is no name of a port", lambda c: c["ports"][1].update(name=name))

    def test_where_to_put_the_gateway_is_said(self):
        count = 0
        for file in (DEPLOY / "kubernetes").rglob("*.yaml"):
            if (DEPLOY / "kubernetes/chart") in file.parents:
                continue
            for line in file.read_text().splitlines():
                if own_setups.GATEWAY in line and not line.lstrip().startswith("#"):
                    count += 1
                    self.assertIn("# put the gateway of cluster A here", line, file)
        self.assertGreater(count, 0)
        for _, replica, _ in own_setups.PATHS.values():
            self.assertIn(own_setups.GATEWAY, (DEPLOY / "kubernetes" / replica / "kustomization.yaml").read_text())

    def test_the_names_of_a_stateful_sets_pods(self):
        for name in ("helo", "eastwest-gateway"):
            self.edit("no Service of demo", 0, "StatefulSet", "hello", lambda s: s.update(serviceName=name))
        self.edit("serviceName is None", 0, "StatefulSet", "hello", lambda s: s.pop("serviceName"))
        self.remove("no Service of demo", 0, "Service", "hello")
        def service(message, edit):
            self.edit(message, 0, "Service", "hello", edit)
        service("is not headless", lambda s: s.update(clusterIP="10.96.7.7"))
        service("is not headless", lambda s: s.pop("clusterIP"))
        service("does not select its pods", lambda s: s["selector"].update(a="b"))
        service("does not select its pods", lambda s: s.update(selector={}))

        def other(a, _):
            find(a, "StatefulSet", "hello")["spec"].update(serviceName="other")
            find(a, "Service", "hello")["metadata"].update(name="other")
        self.broken("is no name of hello-0, whose serviceName is other", other)

    def test_services(self):
        def service(message, edit):
            self.edit(message, 0, "Service", "eastwest-gateway", edit)
        service("selects no pod", lambda s: s.update(selector={"a": "b"}))
        self.edit("no plain container has the port mtls-in", 0, "Service", "hello", lambda s: s["ports"][0].update(targetPort="mtls-in"))
        service("has no port 15444", lambda s: s["ports"][0].update(targetPort=15444))


if __name__ == "__main__":
    unittest.main()
