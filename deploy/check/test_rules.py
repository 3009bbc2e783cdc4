"""Each rule fails when what it guards is broken."""
import pathlib
import unittest

from check import clusters, guards, routes
from check.breaking import Breaking, find

DEPLOY = pathlib.Path(__file__).resolve().parent.parent


class Rules(Breaking):
    setups = {name: (a.objects, b.objects) for name, a, b in clusters.load(DEPLOY)}
    default = "istio"

    @staticmethod
    def rules(a, b):
        return [*routes.check(a, b), *guards.check(a, b)]

    def test_unbroken(self):
        self.check_unbroken()

    def test_the_seeds_faults(self):
        def entry(message, edit):
            self.edit(message, 1, "ServiceEntry", "src-db-pxc-0", edit)
        self.remove("its gateway resets the connection", 0, "Service", "src-hello-1")
        entry("sends plaintext", lambda s: s["endpoints"][0].pop("labels"))
        entry("share a listener", lambda s: s.pop("addresses"))
        entry("address of two aliases", lambda s: s.update(addresses=["240.240.33.11"]))
        self.edit("or exported and no alias", 0, "Gateway", "cross-network-hello",
                  lambda s: s["servers"][0]["hosts"].append("*.local"))

    def test_aliases(self):
        def entry(message, edit):
            self.edit(message, 1, "ServiceEntry", "src-hello-0", edit)
        entry("hosts is", lambda s: s.update(hosts=["src-hello-0.other.svc.cluster.local"]))
        entry("not STATIC", lambda s: s.update(resolution="DNS"))
        entry("is not in 240", lambda s: s.update(addresses=["127.0.0.9"]))
        entry("does not replace", lambda s: s["endpoints"][0].update(address="10.0.0.9"))
        entry("the pod runs as hello", lambda s: s["endpoints"][0].update(serviceAccount="other"))
        entry("not dialled at 15443", lambda s: s["endpoints"][0].update(ports={"http": 8080}))
        entry("has no port 81", lambda s: s["ports"][0].update(number=81))
        self.edit("has no pod hello-2", 0, "StatefulSet", "hello", lambda s: s.update(replicas=2))

    def test_pod_services(self):
        def service(message, edit):
            self.edit(message, 0, "Service", "src-hello-0", edit)
        service("and not hello-0 alone", lambda s: s.update(selector={"app": "hello"}))
        service("is no port of hello-0", lambda s: s["ports"][0].update(targetPort="http"))
        service("a port without a name", lambda s: s["ports"][0].pop("name"))
        self.edit("has our shim", 0, "Service", "src-hello-0",
                  lambda s: s["ports"][0].update(targetPort=8080), "our shims in A")
        self.edit("selects no pod", 0, "Service", "hello", lambda s: s.update(selector={"app": "hullo"}))

    def test_rules_and_exports(self):
        def rule(message, edit):
            self.edit(message, 1, "DestinationRule", "src-hello-0", edit)
        rule("ISTIO_MUTUAL", lambda s: s["trafficPolicy"]["tls"].update(mode="SIMPLE"))
        rule("is not the name", lambda s: s["trafficPolicy"]["tls"].update(sni="hello"))
        self.remove("needs one DestinationRule", 1, "DestinationRule", "src-hello-0")

        def gateway(message, edit):
            self.edit(message, 0, "Gateway", "cross-network-pxc", edit)
        gateway("selects no gateway", lambda s: s.update(selector={"istio": "ingress"}))
        gateway("not AUTO_PASSTHROUGH", lambda s: s["servers"][0]["tls"].update(mode="SIMPLE"))
        gateway("exported twice", lambda s: s["servers"][0]["hosts"].append("src-hello-0.demo.svc.cluster.local"))
        self.edit("is no alias", 1, "PerconaXtraDBCluster", "db",
                  lambda s: s["pxc"]["replicationChannels"][0]["sourcesList"][0].update(host="db-pxc-0"))

    def test_workloads(self):
        def hello(message, edit, setup="our shims in A"):
            self.edit(message, 0, "StatefulSet", "hello", lambda s: edit(s["template"]), setup)
        hello("does not select its own", lambda t: t["metadata"].update(labels={}))
        hello("one name or one port", lambda t: t["spec"]["containers"][1].update(name="hello"))
        hello("no ServiceAccount", lambda t: t["spec"].update(serviceAccountName="other"))
        hello("is no volume", lambda t: t["spec"].update(volumes=[]))
        hello("no ConfigMap", lambda t: t["spec"]["volumes"][0]["configMap"].update(name="other"))
        hello("beside ours", lambda t: t["metadata"]["labels"].pop("sidecar.istio.io/inject"))
        hello("drops its pods", lambda t: t["metadata"]["labels"].pop("security.istio.io/tlsMode"))
        hello("no sidecar at all", lambda t: t["metadata"]["labels"].update({"sidecar.istio.io/inject": "false"}), "istio")

    def test_guards(self):
        self.edit("not SmartUpdate and disabled", 1, "PerconaXtraDBCluster", "db", lambda s: s.pop("updateStrategy"))
        self.remove("not STRICT", 1, "PeerAuthentication", "default")
        self.remove("reach hello on 8080", 0, "NetworkPolicy", "hello")
        self.edit("reach hello on 15444", 0, "NetworkPolicy", "hello",
                  lambda s: s["ingress"][0]["ports"].pop(), "our shims in A")
        self.edit("reach the gateway alone", 1, "NetworkPolicy", "db-pxc", lambda s: s["egress"].pop())
        self.remove("lets cluster.local/ns/demo/sa/app in", 0, "AuthorizationPolicy", "hello-callers")

    def test_our_gateway(self):
        def config_map(message, name, edit):
            self.broken(message, lambda a, b: edit(find(a, "ConfigMap", name)["data"]), "our gateway")
        config_map("not told", "eastwest-pod-ports", lambda d: d.pop("pxc.yaml"))
        config_map("other Gateways", "eastwest-exports-pxc", lambda d: d.update({"gateway.yaml": ""}))


if __name__ == "__main__":
    unittest.main()
