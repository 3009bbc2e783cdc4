"""What is read of a container and its volumes, and that nothing else is passed over."""
import os
import pathlib
import tempfile
import unittest
import unittest.mock

from check import clusters, own_setups, runtime, volumes, walk
from check.test_own import DEPLOY

NAMED = {"metadata": {"name": "w", "namespace": "n"}, "kind": "StatefulSet", "spec": {
    "selector": {"matchLabels": {}},
    "template": {"metadata": {"labels": {}}, "spec": {
        "serviceAccountName": "a", "securityContext": {"fsGroup": 7, "supplementalGroups": [8]}, "containers": []}}}}


class Runtime(unittest.TestCase):
    pod = runtime.Pod(clusters.Workload(NAMED), "w-0", "10.2.0.10")

    def container(self, **more):
        return {"name": "c", "securityContext": {"runAsUser": 9, "capabilities": {"drop": ["ALL"]}}} | more

    def test_variables_and_arguments(self):
        def field(path):
            return {"name": "F", "valueFrom": {"fieldRef": {"fieldPath": path}}}
        for path, value in (("metadata.name", "w-0"), ("metadata.namespace", "n"), ("status.podIP", "10.2.0.10")):
            container = self.container(env=[field(path), {"name": "A", "value": "of $(F)"}], args=["$(A)", "$(B)", "$$(A)"])
            self.assertEqual(runtime.environment(container, self.pod), {"F": value, "A": f"of {value}"})
            self.assertEqual(runtime.arguments(container, self.pod), [f"of {value}", "$(B)", "$(A)"])
            self.assertIn(f"A=of {value}", runtime.confined(container, self.pod))
        for unknown in ({"env": [field("metadata.uid")]}, {"envFrom": []}, {"env": [{"name": "S", "valueFrom": {"secretKeyRef": {}}}]}):
            with self.assertRaises(volumes.Unknown):
                runtime.environment(self.container(**unknown), self.pod)

    def test_users_and_rights(self):
        words = " ".join(runtime.confined(self.container(), self.pod))
        self.assertEqual(words, "env -i setpriv --reuid 9 --regid 0 --groups 7,8 --bounding-set -all --inh-caps -all")
        with self.assertRaises(volumes.Unknown):
            runtime.confined(self.container(securityContext={"runAsUser": 9, "capabilities": {}}), self.pod)

    def test_probes(self):
        def asked(**more):
            [probe] = runtime.probes(self.container(livenessProbe={"httpGet": {"path": "/", "port": 1} | more}), "10.2.0.10")
            return probe["host"]
        self.assertEqual((asked(), asked(host="127.0.0.1")), ("10.2.0.10", "127.0.0.1"))
        for unknown in ({"port": "status-port"}, {"scheme": "HTTPS"}, {"httpHeaders": []}):
            with self.assertRaises(volumes.Unknown):
                asked(**unknown)

    def files(self, group, volume):
        """Mode and group of each file that a pod with this fsGroup finds."""
        w = clusters.Workload(NAMED)
        w.volumes, w.pod = [{"name": "v"} | volume], {"securityContext": {"fsGroup": group} if group else {}}
        cluster = clusters.Cluster([{"kind": "ConfigMap", "metadata": {"name": "m", "namespace": "n"}, "data": {"a": "1", "b": "2"}}])
        certificate = {name: name for name in volumes.NAMES}
        groups = {}
        # Only root may give files to any group.
        given = lambda path, _, group: groups.update({os.path.realpath(path): group})
        with tempfile.TemporaryDirectory() as home, unittest.mock.patch("os.lchown", given):
            folder = volumes.made(cluster, w, pathlib.Path(home), certificate, {"v"})["v"]
            files = [f for f in folder.iterdir() if not f.name.startswith("..")]
            return {f.name: (oct(f.stat().st_mode & 0o7777), groups.get(str(f.resolve()), 0)) for f in files}

    def test_modes_and_groups(self):
        config = {"configMap": {"name": "m", "defaultMode": 0o400, "items": [{"key": "a", "path": "x"}, {"key": "b", "path": "y", "mode": 0o444}]}}
        self.assertEqual(self.files(None, config), {"x": ("0o400", 0), "y": ("0o444", 0)})
        self.assertEqual(self.files(7, config), {"x": ("0o440", 7), "y": ("0o444", 7)})
        self.assertEqual(self.files(7, {"secret": {"secretName": "s"}})["key.pem"], ("0o644", 7))
        csi = {"csi": {"driver": volumes.SPIFFE, "volumeAttributes": {f"{volumes.SPIFFE}/fs-group": "9"}}}
        self.assertEqual(self.files(7, csi)["tls.key"], ("0o440", 9))
        self.assertEqual(self.files(7, {"csi": {"driver": volumes.SPIFFE}})["tls.key"], ("0o440", 0))
        self.assertEqual(self.files(7, {"emptyDir": {}}), {})
        with self.assertRaises(volumes.Unknown):
            self.files(7, {"hostPath": {"path": "/"}})

    def test_each_pod_says_its_own_name(self):
        self.assertEqual(list(walk.alike({"hello-0": "hello from hello-0", "db-pxc-0": "db-pxc-0"})), [])
        for said in ("hello from demo", "hello from hello-1", "hello from hello-01", "hello from $(POD_NAM)", ""):
            self.assertEqual(len(list(walk.alike({"hello-0": said}))), 1, said)
        both = list(walk.alike({"hello-0": "hello-0 hello-1", "hello-1": "hello-0 hello-1"}))
        self.assertEqual([line.partition(":")[0] for line in both], ["hello-0 says the same as hello-1", "hello-1 says the same as hello-0"])

    def test_what_hello_says_comes_from_its_own_field(self):
        objects = list(own_setups.applied(DEPLOY, ((None, ("kubernetes/hello/source",)),)))
        [w] = clusters.Cluster(objects).workloads
        [hello] = walk.others(w)

        def said():
            return {pod: runtime.arguments(hello, runtime.Pod(w, pod, "10.1.0.10"))[1].removeprefix("-text=") for pod in w.pods()}
        self.assertEqual(list(walk.alike(said())), [])
        hello["env"][0]["valueFrom"]["fieldRef"]["fieldPath"] = "metadata.namespace"
        self.assertEqual(len(list(walk.alike(said()))), 6)

    def test_a_folder_that_is_not_walked_is_named(self):
        self.assertEqual(own_setups.unwalked(DEPLOY), [])
        walks = own_setups.walks()
        left = own_setups.unwalked(DEPLOY, {name: sides for name, sides in walks.items() if "istiod" not in name})
        self.assertEqual([f for f in left if "istiod" not in f], [])
        self.assertIn("kubernetes/with/istiod/pxc-replica-port", left)
        self.assertIn("kubernetes/identity/istiod/demo", left)
        left = own_setups.unwalked(DEPLOY, {name: sides for name, sides in walks.items() if not name.startswith("pxc, redirect, IPv6")})
        self.assertEqual(left, ["kubernetes/ipv6/pxc-replica-redirect"])


if __name__ == "__main__":
    unittest.main()
