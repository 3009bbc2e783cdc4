"""Istio's agent: each rule fails when what it guards is broken."""
import pathlib
import unittest

from check import agent, clusters, own_setups
from check.breaking import Breaking

DEPLOY = pathlib.Path(__file__).resolve().parent.parent
PXC, HELLO = "pxc, redirect, istiod", "hello, vip, istiod"


class Agent(Breaking):
    setups = {name: (a.objects, b.objects) for name, a, b in clusters.load(DEPLOY, {n: own_setups.setups()[n] for n in (PXC, HELLO)})}
    default = PXC

    @staticmethod
    def rules(a, b):
        return [*agent.check(a), *agent.check(b)]

    def agent(self, message, edit):
        def database(spec):
            edit(next(c for c in spec["pxc"]["sidecars"] if c["name"] == "istio-agent"), spec["pxc"]["sidecarVolumes"])

        def pod(spec):
            pod = spec["template"]["spec"]
            edit(next(c for c in [*pod.get("initContainers", []), *pod["containers"]] if c["name"] == "istio-agent"), pod["volumes"])
        self.edit(message, 1, "PerconaXtraDBCluster", "db", database, PXC)
        self.edit(message, 1, "Deployment", "client", pod, HELLO)

    def variable(self, message, name, value):
        def edit(c, _):
            c["env"] = [e for e in c["env"] if e["name"] != name] + [{"name": name, "value": value}]
        self.agent(message, edit)

    def mount(self, message, path, **changes):
        self.agent(message, lambda c, _: next(m for m in c["volumeMounts"] if m["mountPath"] == path).update(changes))

    def volume(self, message, name, source):
        def edit(_, volumes):
            volumes[:] = [v for v in volumes if v["name"] != name] + [{"name": name} | source]
        self.agent(message, edit)

    def test_unbroken(self):
        self.check_unbroken()

    def test_how_it_is_started(self):
        self.agent("is started with ['nonsense']", lambda c, _: c.update(args=["nonsense"]))
        self.agent("is started with ['sh']", lambda c, _: c.update(command=["sh"]))
        self.agent("does not run as 1337", lambda c, _: c["securityContext"].update(runAsUser=1338))

    def test_what_it_is_told(self):
        self.variable("CA_ADDR is nowhere:15012", "CA_ADDR", "nowhere:15012")
        self.variable("JWT_POLICY is first", "JWT_POLICY", "first-party-jwt")
        self.variable("NONSENSE is no variable", "NONSENSE", "1")
        self.variable("its statusPort is another", "PROXY_CONFIG", '{"statusPort": 15021}')
        self.variable("its statusPort is another", "PROXY_CONFIG", "{}")
        self.variable("istiod takes it for one of another", "ISTIO_META_CLUSTER_ID", "")
        self.variable("/elsewhere is not a place of its own", "OUTPUT_CERTS", "/elsewhere")
        self.variable("the shim does not read", "OUTPUT_CERTS", "/etc/istio/proxy")
        self.agent("POD_NAME is None", lambda c, _: c.update(env=[e for e in c["env"] if e["name"] != "POD_NAME"]))

    def test_what_it_finds_where_it_looks(self):
        self.mount("/var/run/secrets/tokens is not", "/var/run/secrets/tokens", mountPath="/tokens")
        self.mount("/identity cannot be written", "/identity", readOnly=True)
        self.mount("/etc/istio/proxy is not a place", "/etc/istio/proxy", mountPath="/proxy")
        token = {"path": "token", "expirationSeconds": 43200, "audience": "istio-ca"}
        self.volume("/var/run/secrets/tokens is not", "istiod-token", {"projected": {"sources": [{"serviceAccountToken": token}]}})
        self.volume("/var/run/secrets/istio is not", "istiod-root", {"configMap": {"name": "other"}})

    def test_somebody_writes_the_certificate(self):
        self.agent("nobody writes its certificate", lambda c, _: c.update(image="docker.io/istio/pilot:1.30.3"))


if __name__ == "__main__":
    unittest.main()
