//! Aliases and the way through an east-west gateway.

use super::{Code, CodePage, Example, Within};

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: Code::UnknownServerName,
        title: "the gateway does not know the server name",
        happens: "The client's sidecar makes the server name outbound_.PORT_._.HOST from the \
            alias. The other cluster's gateway has a filter chain for each TCP port of each \
            service of its own registry and for nothing else, so it accepts the connection and \
            closes it without a byte (istio#45173). It has none for an ExternalName, for \
            location MESH_EXTERNAL, for what exportTo hides from everyone, nor for a port that \
            the Service has not or has as UDP; these are told at the Service. An error where \
            files of another cluster are given, else a warning, or a note for a name that is no \
            src-POD-ORDINAL.",
        fix: "in the cluster of the gateway add a Service with the name of the alias, or a \
            ServiceEntry with its host and a workloadSelector. --fix writes the Service, where \
            the folder of that cluster can be told. eastwest needs neither: its gateway maps \
            src-POD-ORDINAL by convention",
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
        code: Code::Plaintext,
        title: "an endpoint gets plain text",
        happens: "An endpoint without the label security.istio.io/tlsMode: istio and without a \
            serviceAccount has TLS turned off, and so has every endpoint with location \
            MESH_EXTERNAL, the default. The client's sidecar sends plain text to the \
            gateway: HTTP is reset, and MySQL waits for ever on both sides. eastwest always \
            uses mTLS.",
        fix: "add the label, which --fix does, or serviceAccount, which also pins who must be \
            there",
        example: Example {
            within: Within::ServiceEntry,
            wrong: r"endpoints:
- address: 10.0.0.1
  ports: {mysql: 15443}
",
            right: r"endpoints:
- address: 10.0.0.1
  labels: {security.istio.io/tlsMode: istio}
  ports: {mysql: 15443}
",
        },
    },
    CodePage {
        code: Code::SharedListener,
        title: "TCP hosts share one listener",
        happens: "On the client's side all TCP ServiceEntries on one port without addresses share \
            the listener 0.0.0.0:PORT, and the first wins: a replica silently follows the \
            wrong source (istio#11741). HTTP is told apart by its host, TLS by its server \
            name. eastwest gives every alias an address of its own.",
        fix: "give each host an address of its own, which --fix does, or have Istio allocate \
            them (DNS capture)",
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
metadata: {name: src-db-1, namespace: pxc}
spec:
  hosts: [src-db-1.pxc.svc.cluster.local]
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
  addresses: [240.240.194.1]
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
  addresses: [240.240.194.2]
",
        },
    },
    CodePage {
        code: Code::ExportsEverything,
        title: "a gateway exports every service",
        happens: "Whoever has any certificate of the mesh reaches every service of the cluster \
            through the gateway. eastwest's gateway dials the port of the shims alone.",
        fix: "name what is meant. What that is nobody can guess, so --fix leaves it",
        example: Example {
            within: Within::Gateway,
            wrong: r#"servers:
- port: {number: 15443, name: tls, protocol: TLS}
  tls: {mode: AUTO_PASSTHROUGH}
  hosts: ["*.local"]
"#,
            right: r#"servers:
- port: {number: 15443, name: tls, protocol: TLS}
  tls: {mode: AUTO_PASSTHROUGH}
  hosts: ["*.pxc.svc.cluster.local"]
"#,
        },
    },
    CodePage {
        code: Code::NotEastWestPort,
        title: "a gateway is dialled at another port than 15443",
        happens: "A port of the ServiceEntry that the endpoint's ports do not name is dialled at \
            the gateway as it is, 3306 as 3306, where nobody listens. An error where nothing \
            says a port, a warning where another one is written.",
        fix: "write PORT-NAME: 15443 under the endpoint's ports, for every port",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "endpoints: [{address: 10.0.0.1, serviceAccount: db}]\n",
            right: "endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]\n",
        },
    },
    CodePage {
        code: Code::NoServiceOfItsOwn,
        title: "a pod has no Service of its own",
        happens: "An east-west gateway balances over all pods of a Service, a headless one too. A \
            pod of a StatefulSet is not reachable alone (istio#38327). A warning where no file \
            of another cluster is given, and where the alias has a Service that selects by \
            other labels, or by none. For eastwest the name of the pod is the route.",
        fix: "in the cluster of the pod, add a Service whose selector is \
            statefulset.kubernetes.io/pod-name: POD. --fix does, as for EW101",
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
];
