//! Aliases that the servers of eastwest do not serve.

use super::{Code, CodePage, Example, Within};

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: Code::AliasWildcard,
        title: "an alias that is a wildcard",
        happens: "An alias is one exact name with an address of its own.",
        fix: "write one ServiceEntry for each pod",
        example: Example {
            within: Within::ServiceEntry,
            wrong: r#"hosts: ["*.pxc.svc.cluster.local"]
"#,
            right: "hosts: [src-db-0.pxc.svc.cluster.local]\n",
        },
    },
    CodePage {
        code: Code::FarEndMode,
        title: "a mode with less than the mesh's mTLS",
        happens: "The alias is down: it is served with the workload's own identity or not at all.",
        fix: "write mode: ISTIO_MUTUAL",
        example: Example {
            within: Within::DestinationRule,
            wrong: r"trafficPolicy:
  tls: {mode: SIMPLE}
",
            right: r"trafficPolicy:
  tls: {mode: ISTIO_MUTUAL}
",
        },
    },
    CodePage {
        code: Code::ServiceOfAlias,
        title: "a Service with the name of an alias",
        happens: "Whoever asks the cluster's own DNS gets the Service's address, and whoever asks \
            eastwest's resolver gets the alias's.",
        fix: "apply the Service in the other cluster only, or give it another name",
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
apiVersion: v1
kind: Service
metadata: {name: src-db-0, namespace: pxc}
spec:
  selector: {statefulset.kubernetes.io/pod-name: db-0}
  ports: [{port: 3306, name: mysql}]
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
---
apiVersion: v1
kind: Service
metadata: {name: db-zero, namespace: pxc}
spec:
  selector: {statefulset.kubernetes.io/pod-name: db-0}
  ports: [{port: 3306, name: mysql}]
",
        },
    },
    CodePage {
        code: Code::NothingToServe,
        title: "an alias without endpoints or ports",
        happens: "No client is served by it. On a gateway it may say which pod an alias stands \
            for.",
        fix: "list endpoints and ports",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "endpoints: []\n",
            right: "endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}}]\n",
        },
    },
    CodePage {
        code: Code::FarEndUnknown,
        title: "nobody says who must be at the far end",
        happens: "The name of the pod has no namespace in it, and nothing else names an identity, \
            so the alias is down.",
        fix: "add subjectAltNames or serviceAccount",
        example: Example {
            within: Within::File,
            wrong: r"apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: src-db-0, namespace: pxc, annotations: {eastwest.dev/remote-host: db.example.com}}
spec:
  hosts: [src-db-0.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 3306, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}}]
",
            right: r"apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: src-db-0, namespace: pxc, annotations: {eastwest.dev/remote-host: db.example.com}}
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
        code: Code::TwoTargets,
        title: "an alias that leads to two pods",
        happens: "The annotation names one and tls.sni another: the sni is sent, the annotation \
            says who must be there.",
        fix: "make the two agree",
        example: Example {
            within: Within::File,
            wrong: r"apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: src-db-0, namespace: pxc, annotations: {eastwest.dev/remote-host: db-1.db.pxc.svc.cluster.local}}
spec:
  hosts: [src-db-0.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 3306, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: one, namespace: pxc}
spec:
  host: src-db-0.pxc.svc.cluster.local
  trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: db-0.db.pxc.svc.cluster.local}}
",
            right: r"apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: src-db-0, namespace: pxc, annotations: {eastwest.dev/remote-host: db-0.db.pxc.svc.cluster.local}}
spec:
  hosts: [src-db-0.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 3306, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: one, namespace: pxc}
spec:
  host: src-db-0.pxc.svc.cluster.local
  trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: db-0.db.pxc.svc.cluster.local}}
",
        },
    },
    CodePage {
        code: Code::ServicePortTaken,
        title: "two aliases have one port in mode service",
        happens: "In mode service each port of an alias has one of the egress shim's, computed from \
            its name, and it leads to one of them only. What is written comes before what is computed; \
            of two that are alike none is served, because the Service of one could lead to the other. \
            In other modes this is a note.",
        fix: "write another port; the message names a free one",
        example: Example {
            within: Within::File,
            wrong: r#"apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: src-db-0, namespace: pxc, annotations: {eastwest.dev/service-port: "20001"}}
spec:
  hosts: [src-db-0.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 3306, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: src-db-1, namespace: pxc, annotations: {eastwest.dev/service-port: "20001"}}
spec:
  hosts: [src-db-1.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 3306, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]
"#,
            right: r#"apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: src-db-0, namespace: pxc, annotations: {eastwest.dev/service-port: "20001"}}
spec:
  hosts: [src-db-0.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 3306, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: src-db-1, namespace: pxc, annotations: {eastwest.dev/service-port: "20002"}}
spec:
  hosts: [src-db-1.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 3306, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]
"#,
        },
    },
    CodePage {
        code: Code::ShiftedPort,
        title: "a port that mode port can not shift",
        happens: "In mode port an alias is dialled at its port and an offset, 10000 unless given. \
            Where that is above 65535, or another port of the same alias, the port is not served. \
            In other modes this is a note.",
        fix: "give the shim another --port-offset",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "ports: [{number: 3306, name: mysql, protocol: TCP}, {number: 13306, name: tcp, protocol: TCP}]\n",
            right: "ports: [{number: 3306, name: mysql, protocol: TCP}, {number: 33060, name: tcp, protocol: TCP}]\n",
        },
    },
    CodePage {
        code: Code::ShimsPort,
        title: "a port that the shim has for itself",
        happens: "The shim answers probes at 15021, Prometheus at 15020 and its administrator at \
            127.0.0.1:15000, which is in the way in mode service (Istio keeps these ports, too). An alias that would be listened on \
            at one of them is not served: in mode vip its own port, in mode port that and the offset, in \
            mode service the service port. In mode redirect nothing is listened on at an alias's port, so that \
            there it is a note.",
        fix: "take another service-port or --port-offset, or mode redirect",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "ports: [{number: 15020, name: mysql, protocol: TCP}]\n",
            right: "ports: [{number: 3306, name: mysql, protocol: TCP}]\n",
        },
    },
    CodePage {
        code: Code::AnyAccount,
        title: "any account of a namespace may be at the far end",
        happens: "Nothing names an account, so that whoever runs in the pod's namespace of the other cluster \
            is taken for the pod, as with Istio. It is a note, once for each such namespace.",
        fix: "add serviceAccount to the endpoints, or subjectAltNames",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}}]\n",
            right: "endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]\n",
        },
    },
];
