"""What the control planes must agree on fails when they do not."""
import copy
import pathlib
import unittest

from check import clusters, control_plane
from check.breaking import find

DEPLOY = pathlib.Path(__file__).resolve().parent.parent
SETUPS = {name: (a.objects, b.objects) for name, a, b in clusters.load(DEPLOY)}
OPERATORS = clusters.control_planes(DEPLOY)


class ControlPlane(unittest.TestCase):
    def found(self, break_it, setup="istio"):
        operators, (a, b) = copy.deepcopy(OPERATORS), copy.deepcopy(SETUPS[setup])
        break_it(*(operator["spec"] for operator in operators), a, b)
        return [*control_plane.check(operators, clusters.Cluster(a), clusters.Cluster(b))]

    def broken(self, message, break_it, setup="istio"):
        found = self.found(break_it, setup)
        self.assertTrue(any(message in line for line in found), found)

    def test_unbroken(self):
        for setup in SETUPS:
            self.assertEqual(self.found(lambda *_: None, setup), [])

    def test_dns_capture(self):
        def metadata(edit):
            return lambda one, other, a, b: edit(other["meshConfig"]["defaultConfig"])
        for value in ("false", True, ""):
            self.broken("finds no alias", metadata(lambda c: c["proxyMetadata"].update(ISTIO_META_DNS_CAPTURE=value)))
        self.broken("finds no alias", metadata(lambda c: c.pop("proxyMetadata")))
        self.broken("finds no alias", lambda one, other, a, b: other.pop("meshConfig"))

    def test_aliases_without_addresses_need_allocation(self):
        def bare(one, other, a, b):
            find(b, "ServiceEntry", "src-hello-0")["spec"].pop("addresses")

        def allocated(one, other, a, b):
            bare(one, other, a, b)
            other["meshConfig"]["defaultConfig"]["proxyMetadata"]["ISTIO_META_DNS_AUTO_ALLOCATE"] = "true"
        self.broken("ISTIO_META_DNS_AUTO_ALLOCATE is not", bare)
        self.assertEqual(self.found(allocated), [])

    def test_one_trust_domain(self):
        def both(one, other, a, b):
            for spec in (one, other):
                spec["meshConfig"]["trustDomain"] = "other.local"
        self.broken("neither cluster accepts", lambda one, other, *_: other["meshConfig"].update(trustDomain="other.local"))
        self.broken("hello-callers names cluster.local/ns/demo/sa/app, which is not of the trust domain other.local", both)
        self.assertEqual(self.found(lambda one, other, *_: other["meshConfig"].pop("trustDomain")), [])

    def test_names_in_manifests(self):
        def entry(one, other, a, b):
            find(b, "ServiceEntry", "src-hello-0")["spec"]["subjectAltNames"] = ["spiffe://x.y/ns/demo/sa/hello"]

        def rule(one, other, a, b):
            tls = {"tls": {"subjectAltNames": ["spiffe://cluster.local.x/ns/demo/sa/hello"]}}
            find(b, "DestinationRule", "src-hello-0")["spec"]["trafficPolicy"]["portLevelSettings"] = [tls]

        def right(one, other, a, b):
            find(b, "ServiceEntry", "src-hello-0")["spec"]["subjectAltNames"] = ["spiffe://cluster.local/ns/demo/sa/hello"]
        self.broken("cluster B: ServiceEntry src-hello-0 names x.y/ns", entry)
        self.broken("cluster B: DestinationRule src-hello-0 names cluster.local.x/ns", rule)
        self.assertEqual(self.found(right), [])

    def test_one_mesh(self):
        def neither(one, other, *_):
            for spec in (one, other):
                spec["values"]["global"].pop("meshID")
        self.broken("meshID is eastwest in cluster A and None", lambda one, other, *_: other["values"]["global"].pop("meshID"))
        self.assertEqual(self.found(neither), [])


if __name__ == "__main__":
    unittest.main()
