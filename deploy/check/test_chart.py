"""The chart's values do what they say, and what they must not be is refused."""
import ipaddress
import json
import unittest

from check import chart, clusters, confined, own, own_setups, own_walls, pods, schemas, strict_yaml

import helm_python

REPLICA = chart.REPLICA


def named(objects, kind, name):
    return next(o for o in objects if (o["kind"], o["metadata"]["name"]) == (kind, name))


class Chart(unittest.TestCase):
    def test_nothing_is_on_by_default(self):
        self.assertEqual(chart.render({}), [])

    def test_a_difference_to_the_folders_is_told(self):
        values = {"replica": REPLICA | {"gateway": "10.0.0.9"}}
        found = list(chart.differences(values, ["pxc/replica-service"]))
        self.assertTrue(any(f"'10.0.0.9' in the chart, '{chart.GATEWAY}' in the folders" in line for line in found), found)
        self.assertTrue(any("in the folders alone" in line for line in chart.differences({}, ["gateway"])))
        self.assertTrue(any("in the chart alone" in line for line in chart.differences(values, [])))

    def test_what_a_database_needs_outlives_the_release(self):
        objects = chart.render({"createNamespaces": True, "source": {"enabled": True}, "identity": {"kind": "csi-driver-spiffe"}})
        self.assertEqual(list(chart.kept(objects)), [])
        kinds = ["Namespace", "PerconaXtraDBCluster", "ServiceAccount", "ConfigMap", "NetworkPolicy", "Role", "RoleBinding"]
        for kind in kinds:
            lost = [chart.without_policy(o) if o["kind"] == kind else o for o in objects]
            with self.subTest(kind):
                self.assertTrue(any(line.startswith(f"{kind} ") for line in chart.kept(lost)), list(chart.kept(lost)))

    def test_its_namespaces_enforce_what_their_pods_need(self):
        for name, values, _ in chart.cases():
            with self.subTest(name):
                cluster = clusters.Cluster(chart.render(values))
                self.assertIsNotNone(cluster.named("Namespace", None, "pxc"))
                self.assertEqual(list(confined.levels(cluster)), [])

    def test_findings_of_lint_are_told(self):
        result = {"errors": ["one"], "messages": [{"severity": 2, "path": "a", "error": "two"}, {"severity": 1, "path": "a", "error": "advice"}]}
        self.assertEqual(list(chart.linted(result)), ["helm lint: one", "helm lint: a: two"])

    def test_what_is_given_is_in_the_objects(self):
        values = {
            "image": {"registry": "registry.example/x", "tag": "1.2.3"},
            "gateway": {"enabled": True, "minReplicas": 3, "serviceAnnotations": {"a": "b"}, "exports": ["*.x.svc.cluster.local"]},
        }
        objects = chart.render(values)
        self.assertNotIn("Namespace", {o["kind"] for o in objects})
        [container] = named(objects, "Deployment", "eastwest-gateway")["spec"]["template"]["spec"]["containers"]
        self.assertEqual(container["image"], "registry.example/x/eastwest-gateway:1.2.3")
        self.assertEqual(named(objects, "Service", "eastwest-gateway")["metadata"]["annotations"], {"a": "b"})
        self.assertEqual(named(objects, "HorizontalPodAutoscaler", "eastwest-gateway")["spec"]["minReplicas"], 3)
        self.assertIn("*.x.svc.cluster.local", named(objects, "ConfigMap", "eastwest-exports")["data"]["gateway.yaml"])

    def test_the_agent_is_of_the_cluster_that_istiod_knows(self):
        values = {"identity": {"kind": "istiod", "clusterId": "cluster-b"}, "replica": REPLICA}
        for mode in chart.REPLICAS:
            objects = chart.render(values | {"replica": REPLICA | {"mode": mode}})
            agents = [c for w in clusters.Cluster(objects).workloads for c in w.containers if c["name"] == "istio-agent"]
            [agent] = agents
            self.assertIn({"name": "ISTIO_META_CLUSTER_ID", "value": "cluster-b"}, agent["env"])

    def test_clients_of_other_namespaces_reach_haproxy_alone(self):
        objects = chart.render({"source": {"enabled": True}, "pxc": {"clients": ["shop"]}})
        shop = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}
        [rule] = [r for r in named(objects, "NetworkPolicy", "db-haproxy")["spec"]["ingress"] if r["from"] == [shop]]
        self.assertEqual([p["port"] for p in rule["ports"]], [3306, 3307])
        self.assertFalse(any(shop in r["from"] for r in named(objects, "NetworkPolicy", "db-pxc-in")["spec"]["ingress"]))

    def test_an_operator_of_another_namespace_gets_in_and_what_the_pods_call_is_open(self):
        there = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "operators"}}}
        given = {"pxc": {"operatorNamespace": "operators", "alsoReaches": [{"cidr": "10.9.0.7/32", "port": 443}]}}
        source = chart.render({"source": {"enabled": True}} | given)
        for objects, name in ((source, "db-pxc-in"), (source, "db-haproxy"), (chart.render({"replica": REPLICA} | given), "db-haproxy")):
            [rule] = [r for r in named(objects, "NetworkPolicy", name)["spec"]["ingress"] if r["from"] == [there]]
            self.assertEqual([p["port"] for p in rule["ports"]], [3306, 33062])
        for mode in chart.REPLICAS:
            objects = chart.render({"replica": REPLICA | {"mode": mode}} | given)
            rule = named(objects, "NetworkPolicy", "db-pxc-out")["spec"]["egress"][-1]
            self.assertEqual(rule, {"to": [{"ipBlock": {"cidr": "10.9.0.7/32"}}], "ports": [{"protocol": "TCP", "port": 443}]})
            self.assertEqual([e for o in objects for e in schemas.errors(o)], [])

    def test_other_aliases_pass_all_rules_in_each_mode(self):
        aliases = [{"pod": f"db-pxc-{n}", "weight": 50 - n, "servicePort": 20000 + n} for n in (1, 2)]
        a = chart.render({"gateway": {"enabled": True}, "source": {"enabled": True}})
        for mode in chart.REPLICAS:
            for kind in chart.IDENTITIES:
                with self.subTest(f"{mode} {kind}"):
                    replica = REPLICA | {"mode": mode, "aliases": aliases, "corednsCustom": True}
                    b = chart.render({"identity": {"kind": kind}, "replica": replica})
                    self.assertEqual([e for o in b for e in schemas.errors(o)], [])
                    # The rules know the gateway by the address that is for people to replace.
                    b = json.loads(json.dumps(b).replace(chart.GATEWAY, own_setups.GATEWAY))
                    self.assertEqual(list(own.check(clusters.Cluster(a), clusters.Cluster(b))), [])

    def test_values_that_mean_nothing_are_refused(self):
        alias = {"pod": "db-pxc-0", "weight": 1, "servicePort": 3306}
        for values in (
            {"gatewy": {}},
            {"image": {"tag": "latest"}},
            {"identity": {"kind": "vault"}},
            {"replica": {"mode": "vip"}},
            {"replica": {"aliases": [alias]}},
            {"source": {"callers": ["*"]}},
            {"gateway": {"exports": ["*.local"]}},
            {"image": {"registry": "registry.example/"}},
            {"pxc": {"size": 4}},
            {"pxc": {"size": 1}},
            {"pxc": {"image": "percona/percona-xtradb-cluster"}},
            {"pxc": {"haproxyImage": "percona/haproxy:latest"}},
            {"pxc": {"storage": "six"}},
            {"pxc": {"clients": ["Shop"]}},
            {"pxc": {"operatorNamespace": "a.b"}},
            {"pxc": {"alsoReaches": [{"cidr": "10.9.0.7", "port": 443}]}},
            {"pxc": {"alsoReaches": [{"cidr": "10.9.0.7/32"}]}},
            {"identity": {"secretName": "Not_A_Name"}},
            {"identity": {"clusterId": ""}},
            {"replica": {"gateway": "203.0.113.300"}},
            {"replica": {"gateway": "203.0.113.10:15443"}},
            {"replica": {"gateway": "https://gateway.example"}},
            {"replica": {"gatewayCidrs": ["203.0.113.10"]}},
            {"replica": {"gatewayCidrs": ["10.0.0.0/33"]}},
            {"replica": {"resolverAddress": "resolver.example"}},
            {"replica": {"serviceAccount": ""}},
            {"replica": {"aliases": [{"pod": "p" * 60, "weight": 1, "servicePort": 23300}]}},
            {"replica": {"aliases": [{"pod": "db-pxc-0", "weight": 101, "servicePort": 23300}]}},
            {"source": {"callers": ["cluster.local/ns/pxc/sa/a b"]}},
            {"replica": {"aliases": [{"pod": "mysql", "weight": 1, "servicePort": 23300}]}},
            {"replica": {"aliases": [{"pod": "db-pxc-00", "weight": 1, "servicePort": 23300}]}},
            {"replica": {"aliases": None}},
            {"source": {"callers": None}},
            {"gateway": {"exports": None}},
            {"gateway": {"exports": [None]}},
        ):
            with self.subTest(values), self.assertRaises(helm_python.HelmValuesError):
                chart.render(values)

    def test_a_gateway_is_an_address_that_a_connection_can_go_to(self):
        for gateway in (
            "0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.240.0.5", "255.255.255.255", "10.0.0", "010.0.0.1",
            "::", "::0", "0::", "0:0:0:0:0:0:0:0", "::1", "0:0:0:0:0:0:0:1", "0::0001", "ff02::1",
            "1::2::3", ":::1", ":1", "1:", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4::5:6:7:8", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
            "fd00::12345", "fd00::g", "localhost", "A1.elb.amazonaws.com", "a..b", " 10.0.0.1",
        ):
            with self.subTest(gateway), self.assertRaises(helm_python.HelmValuesError):
                chart.render({"replica": REPLICA | {"gateway": gateway}})
        for gateway in ("10.0.0.1", "100.64.0.1", "223.255.255.255", "fd00::1", "2001:db9::", "3fff:1000::1", "169.253.0.1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::1"):
            with self.subTest(gateway):
                ipaddress.ip_address(gateway)
                chart.render({"replica": REPLICA | {"gateway": gateway}})
        for network in ("1::2::3/64", "1:2:3:4:5:6:7/64", "fd00::/129"):
            with self.subTest(network), self.assertRaises(helm_python.HelmValuesError):
                chart.render({"replica": REPLICA | {"gatewayCidrs": [network]}})
        for network in ("::/0", "fd00::/64", "0.0.0.0/0"):
            chart.render({"replica": REPLICA | {"gatewayCidrs": [network]}})

    def test_exports_are_pods_or_all_of_a_namespace(self):
        for name in (
            "", "*", "*.local", "*.cluster.local", "*.svc.cluster.local", "src-hello-0", "hello", "hello-0.hello.demo", "hello.demo.svc.cluster.local",
            "*hello.demo.svc.cluster.local", "a.*.demo.svc.cluster.local", "*.Demo.svc.cluster.local", "hello-00.hello.demo.svc.cluster.local",
        ):
            with self.subTest(name), self.assertRaises(helm_python.HelmValuesError):
                chart.render({"gateway": {"enabled": True, "exports": [name]}})
        for name in (
            "*.demo.svc.cluster.local", "*.hello.demo.svc.cluster.local", "hello-0.hello.demo.svc.cluster.local",
            "src-hello-0.demo.svc.cluster.local", "*.demo.svc.example.org",
        ):
            with self.subTest(name):
                chart.render({"gateway": {"enabled": True, "exports": [name]}})

    def test_values_that_do_not_go_together_are_refused_with_the_reason(self):
        alias = {"pod": "db-pxc-0", "weight": 1, "servicePort": 23300}
        for message, values in (
            ("replica.gateway has to be the address", {"replica": {"enabled": True}}),
            ("replica.gateway has to be the address", {"replica": {"enabled": True, "gateway": ""}}),
            ("replica.gateway has to be the address", {"replica": {"enabled": True, "gatewayCidrs": ["203.0.113.0/24"]}}),
            *(("leads nowhere", {"replica": REPLICA | {"gateway": gateway}}) for gateway in (
                own_setups.GATEWAY, "192.0.2.1", "198.51.100.7", "169.254.1.1", "2001:db8::1", "2001:0db8::1", "3fff::1", "3fff:fff::", "fe80::1")),
            ("for two clusters", {"source": {"enabled": True}, "replica": REPLICA}),
            ("more than gateway.maxReplicas", {"gateway": {"enabled": True, "minReplicas": 7}}),
            ("replica.gatewayCidrs which networks", {"replica": REPLICA | {"gateway": "a.elb.eu-west-1.amazonaws.com"}}),
            ("one pod twice", {"replica": REPLICA | {"aliases": [alias, alias | {"servicePort": 23301}]}}),
            ("one servicePort twice", {"replica": REPLICA | {"aliases": [alias, alias | {"pod": "db-pxc-1"}]}}),
        ):
            with self.subTest(message), self.assertRaisesRegex(helm_python.HelmError, message):
                chart.render(values)

    def test_a_gateway_by_name_or_by_an_ipv6_address(self):
        for gateway, given, blocks, resolution in (
            ("fd12:3456::10", [], ["fd12:3456::10/128"], "STATIC"),
            ("10.9.0.11", [], ["10.9.0.11/32"], "STATIC"),
            ("a.elb.eu-west-1.amazonaws.com", ["10.0.1.0/24", "fd00::/64"], ["10.0.1.0/24", "fd00::/64"], "DNS"),
        ):
            for mode in chart.REPLICAS:
                with self.subTest(f"{gateway} {mode}"):
                    objects = chart.render({"replica": REPLICA | {"mode": mode, "gateway": gateway, "gatewayCidrs": given}})
                    self.assertEqual([e for o in objects for e in schemas.errors(o)], [])
                    policy = named(objects, "NetworkPolicy", "eastwest-egress" if mode == "service" else "db-pxc-out")
                    found = [peer["ipBlock"]["cidr"] for r in policy["spec"]["egress"] for peer in r["to"] if "ipBlock" in peer]
                    self.assertEqual(found, blocks)
                    [text] = named(objects, "ConfigMap", "eastwest-aliases")["data"].values()
                    entries = [d for d in strict_yaml.load_all(text) if d]
                    self.assertEqual([e for d in entries for e in schemas.errors(d)], [])
                    self.assertEqual({(d["spec"]["endpoints"][0]["address"], d["spec"]["resolution"]) for d in entries}, {(gateway, resolution)})

    def test_names_as_perconas_examples_have_them(self):
        aliases = [{"pod": f"cluster1-pxc-{n}", "weight": 90 - n, "servicePort": 20000 + n} for n in (0, 1, 2)]
        for mode in chart.REPLICAS:
            objects = chart.render({"replica": REPLICA | {"mode": mode, "aliases": aliases, "egressReplicas": 1, "resolverReplicas": 1}})
            self.assertEqual([e for o in objects for e in schemas.errors(o)], [])
            cluster = clusters.Cluster(objects)
            self.assertEqual([line for line in own_walls.ports(cluster)] + [line for line in pods.check(cluster)], [])

    def test_the_clusters_dns_is_changed_only_when_asked(self):
        def custom(**values):
            return any(o["metadata"]["name"] == "coredns-custom" for o in chart.render({"replica": REPLICA | {"mode": "port"} | values}))
        self.assertFalse(custom())
        self.assertTrue(custom(corednsCustom=True))


if __name__ == "__main__":
    unittest.main()
