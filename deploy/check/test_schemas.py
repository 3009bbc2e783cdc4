"""The schema checks see what they are for."""
import unittest

from check import schemas


def service(**spec):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": spec}


def entry(version="v1", **spec):
    return {"apiVersion": f"networking.istio.io/{version}", "kind": "ServiceEntry",
            "metadata": {"name": "a"}, "spec": {"hosts": ["a.example"], **spec}}


class Schemas(unittest.TestCase):
    def refused(self, document, word):
        found = schemas.errors(document)
        self.assertTrue(any(word in line for line in found), found)

    def test_what_is_right_passes(self):
        self.assertEqual(schemas.errors(service(ports=[{"port": 80}])), [])
        self.assertEqual(schemas.errors(entry()), [])
        self.assertEqual(schemas.errors(entry("v1beta1")), [])

    def test_unknown_fields_are_refused(self):
        self.refused(service(prots=[]), "prots")
        self.refused(entry(adresses=[]), "adresses")
        self.refused(entry(endpoints=[{"address": "10.0.0.1", "label": {}}]), "label")

    def test_wrong_types_and_words_are_refused(self):
        self.refused(service(ports=[{"port": "eighty"}]), "eighty")
        self.refused(entry(resolution="FIXED"), "FIXED")

    def test_unknown_kinds_and_versions_are_refused(self):
        self.refused(entry("v7"), "no served version")
        self.refused({"apiVersion": "networking.istio.io/v1", "kind": "Sidecar", "metadata": {}}, "no schema")
        self.refused({"apiVersion": "v1", "kind": "Pud", "metadata": {}}, "has no v1 Pud")
        self.refused({"kind": "Pod"}, "apiVersion")

    def test_a_tls_route_takes_plain_names_alone(self):
        def route(host):
            rules = [{"backendRefs": [{"name": "a", "port": 1}]}]
            return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "TLSRoute",
                    "metadata": {"name": "a"}, "spec": {"hostnames": [host], "rules": rules}}
        self.assertEqual(schemas.errors(route("db-0.db.pxc.svc.cluster.local")), [])
        self.refused(route("outbound_.3306_._.db.pxc.svc.cluster.local"), "does not match")

    def test_istio_operator_may_set_only_what_is_listed(self):
        operator = {"apiVersion": "install.istio.io/v1alpha1", "kind": "IstioOperator",
                    "metadata": {"name": "a"}, "spec": {"meshConfig": {"trustDomian": "x"}}}
        self.refused(operator, "spec.meshConfig.trustDomian")


if __name__ == "__main__":
    unittest.main()
