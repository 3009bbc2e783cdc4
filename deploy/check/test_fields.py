"""A field that nobody reads is named, wherever it is; and whom a pod asks for names is judged."""
import unittest

from check import clusters, names, own, own_setups, runtime, volumes
from check.breaking import Breaking, find
from check.test_own import DEPLOY

HELLO, PORT = "hello, vip, secrets", "pxc, port, secrets"
PROBE = {"exec": {"command": ["sleep", "1"]}}


class Fields(Breaking):
    setups = {name: (a.objects, b.objects) for name, a, b in clusters.load(DEPLOY, {n: own_setups.setups()[n] for n in (HELLO, PORT)})}
    default = HELLO
    rules = staticmethod(own.check)

    def pod(self, message, edit, side=0, kind="StatefulSet", name="hello", setup=HELLO):
        def change(*ab):
            edit(find(ab[side], kind, name)["spec"]["template"]["spec"])
        self.broken(message, change, setup)

    def hello(self, message, **fields):
        self.pod(message, lambda p: p["containers"][0].update(fields))

    def test_unbroken(self):
        self.check_unbroken()

    def test_fields_of_a_pod(self):
        for field, value in (
            ("hostNetwork", True), ("hostNetwork", False), ("hostPID", True), ("hostAliases", []), ("shareProcessNamespace", True),
            ("runtimeClassName", "gvisor"), ("subdomain", "other"), ("hostname", "other"), ("setHostnameAsFQDN", True),
        ):
            with self.subTest(field):
                self.pod(f"nothing here reads {field}", lambda p: p.update({field: value}))
        self.pod("securityContext.fsGroupChangePolicy", lambda p: p["securityContext"].update(fsGroupChangePolicy="Always"))
        self.pod("nothing here reads volumes[identity].hostPath", lambda p: p["volumes"][0].update(hostPath={"path": "/"}))
        self.pod("nothing here reads volumes[identity].secret.optional", lambda p: p["volumes"][0]["secret"].update(optional=True))

    def test_fields_of_a_container(self):
        for field, value in (("lifecycle", {"preStop": PROBE}), ("workingDir", "/nowhere"), ("tty", True), ("envFrom", [])):
            with self.subTest(field):
                self.hello(f"nothing here reads containers[hello].{field}", **{field: value})
                self.pod(f"nothing here reads initContainers[shim].{field}", lambda p: p["initContainers"][0].update({field: value}))
        self.hello("containers[hello].readinessProbe.exec", readinessProbe=PROBE)
        self.hello("containers[hello].securityContext.procMount", securityContext={"procMount": "Unmasked"})
        self.pod("initContainers[shim].volumeMounts[manifests].subPath", lambda p: p["initContainers"][0]["volumeMounts"][1].update(subPath="a"))

        def database(message, edit):
            self.edit(message, 0, "PerconaXtraDBCluster", "db", lambda s: edit(s["pxc"]), PORT)
        database("nothing here reads lifecycle", lambda p: p.update(lifecycle={}))
        database("nothing here reads sidecars[shim].workingDir", lambda p: p["sidecars"][0].update(workingDir="/"))

    def test_nothing_of_the_node_is_shared(self):
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            self.pod(f"{field}, which Pod Security refuses", lambda p: p.update({field: True}))
        for field, value in (("hostPort", 8080), ("hostIP", "127.0.0.1")):
            self.pod("takes a port of the node", lambda p: p["containers"][0]["ports"][0].update({field: value}))
            self.pod(f"containers[hello].ports[http].{field}", lambda p: p["containers"][0]["ports"][0].update({field: value}))

    def test_who_is_asked_for_names(self):
        def client(message, **fields):
            self.pod(message, lambda p: p.update(fields), 1, "Deployment", "client")
        client("others deny the aliases", dnsPolicy="ClusterFirst")
        client("others deny the aliases", dnsConfig={"nameservers": ["127.0.0.1", "10.96.0.10"]})
        self.pod("others deny the aliases", lambda p: p.pop("dnsPolicy"), 1, "Deployment", "client")
        for options in ([], [{"name": "timeout", "value": "5"}, {"name": "attempts", "value": "5"}]):
            self.pod("asked again after 5 s", lambda p, o=options: p["dnsConfig"].update(options=o), 1, "Deployment", "client")
        for policy in ("ClusterFirst", "None"):
            self.pod("asks it again", lambda p: p.update(dnsPolicy=policy), 1, "Deployment", "eastwest-resolver", PORT)
        self.pod("asks it again", lambda p: p.pop("dnsPolicy"), 1, "Deployment", "eastwest-resolver", PORT)
        self.pod("another than ClusterFirst", lambda p: p.update(dnsPolicy="Default"), 0, "Deployment", "eastwest-gateway")
        self.pod("another than ClusterFirst", lambda p: p.update(dnsConfig={"nameservers": ["10.0.0.1"]}))


class Started(unittest.TestCase):
    def workload(self, **fields):
        objects = list(own_setups.applied(DEPLOY, ((None, ("kubernetes/hello/client",)),)))
        find(objects, "Deployment", "client")["spec"]["template"]["spec"].update(fields)
        return clusters.Cluster(objects).workloads[0]

    def test_a_pod_with_an_unread_field_is_not_started(self):
        runtime.Pod(self.workload(), "client", "10.2.0.10")
        with self.assertRaisesRegex(volumes.Unknown, "client: hostNetwork"):
            runtime.Pod(self.workload(hostNetwork=True), "client", "10.2.0.10")

    def test_name_servers_are_those_of_the_policy(self):
        searches = ["demo.svc.cluster.local", "svc.cluster.local", "cluster.local"]
        asked, ndots = [{"name": "timeout", "value": "1"}, {"name": "ndots", "value": "2"}], {"ndots": "5"}
        for policy, config, conf in (
            ("None", {"nameservers": ["127.0.0.1"], "searches": searches}, (["127.0.0.1"], searches, {})),
            ("ClusterFirst", {"nameservers": ["127.0.0.1"], "searches": ["a"]}, (["10.96.0.10", "127.0.0.1"], [*searches, "a"], ndots)),
            ("ClusterFirst", {}, (["10.96.0.10"], searches, ndots)),
            ("ClusterFirst", {"options": asked}, (["10.96.0.10"], searches, {"ndots": "2", "timeout": "1"})),
            ("Default", {}, (["10.96.0.10"], [], {})),
        ):
            self.assertEqual(names.resolv_conf(self.workload(dnsPolicy=policy, dnsConfig=config), "10.96.0.10"), conf)
        for unknown in ({"dnsPolicy": "ClusterFirstWithHostNet"}, {"dnsConfig": {"options": [{"name": "rotate"}]}}):
            with self.assertRaises(volumes.Unknown):
                names.resolv_conf(self.workload(**unknown), "10.96.0.10")


if __name__ == "__main__":
    unittest.main()
