"""Where pods have IPv6 addresses: the components, and the chart's value, make all of ours listen there."""
import unittest

from check import chart, clusters, confined, containers, databases, own_setups, schemas
from check.clusters import GATEWAY_PORT, SHIM_PORT

REPLICA = chart.REPLICA | {"corednsCustom": True}
# The chart's values that are the same as folders; hello is not in it.
VALUES = {
    "gateway": {"gateway": {"enabled": True}},
    "pxc/source": {"source": {"enabled": True}},
    "pxc/replica-redirect": {"replica": REPLICA | {"mode": "redirect"}},
    "pxc/replica-port": {"replica": REPLICA | {"mode": "port"}},
    "pxc/replica-service": {"replica": REPLICA | {"mode": "service"}},
}


def wanted(c):
    """The flags without which a container listens at 0.0.0.0."""
    if confined.captures(c):
        return {"--ready-address=[::]:15031", "--route"}
    inbound = {f"--inbound-listen=[::]:{SHIM_PORT}"} if "--inbound" in c["args"] else set()
    gateway = {f"--listen=[::]:{GATEWAY_PORT}"} if "/eastwest-gateway:" in c["image"] else set()
    return {"--ready-address=[::]:15021", "--metrics-address=[::]:15020"} | inbound | gateway


class Ipv6(unittest.TestCase):
    cases = list(own_setups.with_ipv6(chart.KUBERNETES.parent))

    def test_each_component_is_looked_at(self):
        there = {f.parent.name for f in (chart.KUBERNETES / "ipv6").glob("*/kustomization.yaml")}
        self.assertEqual(there, {component for component, _, _ in self.cases})
        self.assertLessEqual(set(VALUES), {f for _, folders, _ in self.cases for f in folders})

    def test_all_of_ours_listen_there(self):
        for _, folders, objects in self.cases:
            with self.subTest(folders):
                self.assertEqual([e for o in objects for e in schemas.errors(o)], [])
                ours = [c for w in clusters.Cluster(objects).workloads for c in containers.of(w)]
                self.assertTrue(ours)
                for c in ours:
                    self.assertLessEqual(wanted(c), set(c["args"]), c["name"])
                    self.assertFalse([arg for arg in c["args"] if arg.startswith("0.0.0.0")])

    def test_a_database_listens_where_its_shim_dials(self):
        sources = [w for _, _, objects in self.cases for w in clusters.Cluster(objects).workloads if w.pxc and "mtls-in" in str(w.containers)]
        self.assertEqual([databases.bind_address(w) for w in sources], ["*"])

    def test_a_database_listens_where_its_configuration_says(self):
        class Of:
            def __init__(self, configuration):
                self.pxc = configuration
        self.assertEqual(databases.bind_address(Of({})), "0.0.0.0")
        self.assertEqual(databases.bind_address(Of({"configuration": "[mysqld]\nskip-name-resolve\nbind-address=::\n"})), "::")
        self.assertEqual(databases.bind_address(Of({"configuration": "[mysqld]\nmax_connections=9\n[sst]\nbind_address=::\n"})), "0.0.0.0")

    def test_the_documentations_gateway_becomes_an_address_of_ipv6(self):
        objects = own_setups.with_gateway([{"cidr": f"{own_setups.GATEWAY}/32", "text": f"address: {own_setups.GATEWAY} #"}], "fd00::1")
        self.assertEqual(objects, [{"cidr": "fd00::1/128", "text": "address: fd00::1 #"}])

    def test_the_chart_makes_the_same(self):
        for component, folders, _ in self.cases:
            if values := VALUES.get(folders[0]):
                with self.subTest(folders):
                    values = values | {"createNamespaces": True, "ipv6": True}
                    self.assertEqual(list(chart.differences(values, folders, f"ipv6/{component}")), [])


if __name__ == "__main__":
    unittest.main()
