//! Hosts of aliases and their addresses.

use super::{Code, CodePage, Example, Within};

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: Code::Unmapped,
        title: "no rule says which pod a host stands for",
        happens: "The servers of eastwest pass the ServiceEntry over: its host is not answered and \
            not routed. A warning where its endpoints are east-west gateways, else a note.",
        fix: "add the annotation eastwest.dev/remote-host, or tls.sni in a DestinationRule, or \
            name it src-POD-ORDINAL.NAMESPACE.svc.DOMAIN",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "hosts: [database.example.com]\n",
            right: "hosts: [src-db-0.pxc.svc.cluster.local]\n",
        },
    },
    CodePage {
        code: Code::DefinedTwice,
        title: "a host is defined twice",
        happens: "On the client's side one of the two objects counts, the older one. eastwest \
            serves neither where the two differ.",
        fix: "take one out; several gateways belong under one endpoints list",
        example: Example {
            within: Within::File,
            wrong: r"apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: src-db-0, namespace: pxc}
spec:
  hosts: [src-db-0.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 3306, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: again, namespace: pxc}
spec:
  hosts: [src-db-0.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 3306, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]
",
            right: r"apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: src-db-0, namespace: pxc}
spec:
  hosts: [src-db-0.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 3306, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]
",
        },
    },
    CodePage {
        code: Code::AddressTaken,
        title: "two aliases have one address",
        happens: "An address leads to one alias only. What is written comes before what Istio allocated, \
            and that before what is computed; of two that are alike none is served by eastwest, because \
            the address of one could lead to the other.",
        fix: "write another address; the message names a free one",
        example: Example {
            within: Within::File,
            wrong: r"apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: src-db-0, namespace: pxc}
spec:
  hosts: [src-db-0.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 3306, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]
  addresses: [127.64.0.1]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: src-db-1, namespace: pxc}
spec:
  hosts: [src-db-1.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 3306, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]
  addresses: [127.64.0.1]
",
            right: r"apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: src-db-0, namespace: pxc}
spec:
  hosts: [src-db-0.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 3306, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]
  addresses: [127.64.0.1]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: src-db-1, namespace: pxc}
spec:
  hosts: [src-db-1.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 3306, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]
  addresses: [127.64.0.2]
",
        },
    },
    CodePage {
        code: Code::AddressInCluster,
        title: "an address belongs to the cluster's own pods or services",
        happens: "The client's connections to the Service or pod that has the address, or gets it \
            one day, go to the alias, or the other way round. The ranges are known from \
            --pod-cidr and --service-cidr, and from Services in the files; 10.96.0.0/12 and \
            10.43.0.0/16 are a note only.",
        fix: "write an address that nobody has, such as one of 240.240.0.0/16",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "addresses: [10.96.3.4]\n",
            right: "addresses: [240.240.3.4]\n",
        },
    },
    CodePage {
        code: Code::NotCaptured,
        title: "a sidecar never sees connections to an address",
        happens: "Istio's redirect rules leave loopback addresses alone: the app reaches its own \
            pod. In mode vip eastwest's shim binds such addresses itself.",
        fix: "for Istio, write an address outside of 127.0.0.0/8",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "addresses: [127.64.0.1]\n",
            right: "addresses: [240.240.3.4]\n",
        },
    },
];
