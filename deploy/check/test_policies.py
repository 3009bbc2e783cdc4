"""NetworkPolicies become the rules that they mean."""
import unittest

from check import clusters
from check.policies import Member, table


def policy(**spec):
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "a", "namespace": "x"}, "spec": spec}


def of(labels):
    return {"podSelector": {"matchLabels": labels}}


class Policies(unittest.TestCase):
    def rules(self, *policies):
        cluster = clusters.Cluster(list(policies))
        pods = [("x", {"app": "a"}, "10.0.0.1"), ("x", {"app": "b"}, "10.0.0.2"), ("y", {"app": "b"}, "10.0.0.3")]
        elsewhere = Member(clusters.Cluster([]), "x", {"app": "b"}, "10.9.0.2")
        return table([*(Member(cluster, *pod) for pod in pods), elsewhere]).splitlines()

    def test_a_pod_without_policies_is_open(self):
        self.assertFalse([line for line in self.rules() if line in ("reject", "jump")])

    def test_peers_are_of_the_same_cluster_and_namespace_unless_said_otherwise(self):
        port = [{"protocol": "TCP", "port": 80}]
        rules = self.rules(policy(policyTypes=["Ingress"], **of({"app": "a"}), ingress=[{"from": [of({"app": "b"})], "ports": port}]))
        self.assertIn("ip saddr { 10.0.0.2 } tcp dport 80 return", rules)
        self.assertIn("ip daddr 10.0.0.1 jump ingress0", rules)
        peer = {"namespaceSelector": {}, **of({"app": "b"})}
        rules = self.rules(policy(policyTypes=["Egress"], **of({"app": "a"}), egress=[{"to": [peer], "ports": port}]))
        self.assertIn("ip daddr { 10.0.0.2, 10.0.0.3 } tcp dport 80 return", rules)
        self.assertIn("ip saddr 10.0.0.1 jump egress0", rules)

    def test_no_peers_are_all_and_none_that_exists_is_nobody(self):
        rules = self.rules(policy(policyTypes=["Ingress"], **of({"app": "a"}), ingress=[{"ports": [{"protocol": "UDP", "port": 53}]}]))
        self.assertIn("udp dport 53 return", rules)
        rules = self.rules(policy(policyTypes=["Ingress"], **of({"app": "a"}), ingress=[{"from": [of({"app": "c"})]}]))
        self.assertEqual([line for line in rules if line.endswith("return")], [])
        self.assertIn("reject", rules)

    def test_a_network_is_taken_as_it_is_and_no_ports_are_all(self):
        block = {"ipBlock": {"cidr": "203.0.113.10/32"}}
        rules = self.rules(policy(policyTypes=["Egress"], **of({"app": "a"}), egress=[{"to": [block]}]))
        self.assertIn("ip daddr { 203.0.113.10/32 } return", rules)

    def test_pods_of_ipv6_have_rules_of_ipv6_and_find_their_neighbours(self):
        block = {"ipBlock": {"cidr": "fd00::10/128"}}
        cluster = clusters.Cluster([policy(policyTypes=["Egress"], **of({"app": "a"}), egress=[{"to": [block]}])])
        rules = table([Member(cluster, "x", {"app": "a"}, "fd00::1")]).splitlines()
        self.assertIn("table ip6 walls {", rules)
        self.assertIn("ip6 daddr { fd00::10/128 } return", rules)
        self.assertIn("ip6 saddr fd00::1 jump egress0", rules)
        self.assertEqual(len([line for line in rules if line.startswith("icmpv6 type { nd-neighbor-solicit")]), 2)


if __name__ == "__main__":
    unittest.main()
