//! Filter chains of a gateway that lead elsewhere, or are not there.

use super::{Code, CodePage, Example, Within};

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: Code::WrongPod,
        title: "the Service of an alias selects another pod",
        happens: "src-POD-ORDINAL is by convention the alias of the pod POD-ORDINAL, and the gateway \
            leads to whatever the Service of that name selects. Everything connects and nothing \
            fails, and a replica follows the wrong source. eastwest goes by the name and asks \
            for no such Service.",
        fix: "write statefulset.kubernetes.io/pod-name: POD-ORDINAL, or rename the Service and the \
            alias",
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
# in the cluster of the gateway
apiVersion: v1
kind: Service
metadata: {name: src-db-0, namespace: pxc}
spec:
  selector: {statefulset.kubernetes.io/pod-name: db-1}
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
# in the cluster of the gateway
apiVersion: v1
kind: Service
metadata: {name: src-db-0, namespace: pxc}
spec:
  selector: {statefulset.kubernetes.io/pod-name: db-0}
  ports: [{port: 3306, name: mysql}]
",
        },
    },
    CodePage {
        code: Code::NotExported,
        title: "no gateway exports the alias where it is dialled",
        happens: "The cluster of the gateway knows the name, but a gateway has filter chains only for \
            names that the hosts of an AUTO_PASSTHROUGH server cover. Mode PASSTHROUGH makes \
            them of a VirtualService's routes instead. The connection is accepted and closed \
            without a byte. A warning where the server covers the name and listens on a port \
            that no endpoint of the alias is dialled at, as a load balancer may lead there. \
            Said only where Gateways are among the files. eastwest's gateway asks for the pod's \
            name among the hosts.",
        fix: "add the alias to the hosts of the Gateway, with mode AUTO_PASSTHROUGH and port 15443",
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
# in the cluster of the gateway
apiVersion: v1
kind: Service
metadata: {name: src-db-0, namespace: pxc}
spec:
  selector: {statefulset.kubernetes.io/pod-name: db-0}
  ports: [{port: 3306, name: mysql}]
---
# in the cluster of the gateway
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: exports, namespace: pxc}
spec:
  selector: {istio: eastwestgateway}
  servers:
  - port: {number: 15443, name: tls, protocol: TLS}
    tls: {mode: AUTO_PASSTHROUGH}
    hosts: [src-db-1.pxc.svc.cluster.local]
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
# in the cluster of the gateway
apiVersion: v1
kind: Service
metadata: {name: src-db-0, namespace: pxc}
spec:
  selector: {statefulset.kubernetes.io/pod-name: db-0}
  ports: [{port: 3306, name: mysql}]
---
# in the cluster of the gateway
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: exports, namespace: pxc}
spec:
  selector: {istio: eastwestgateway}
  servers:
  - port: {number: 15443, name: tls, protocol: TLS}
    tls: {mode: AUTO_PASSTHROUGH}
    hosts: [src-db-0.pxc.svc.cluster.local]
",
        },
    },
];
