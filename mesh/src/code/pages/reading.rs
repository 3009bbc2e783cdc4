//! What can not be read.

use super::{Code, CodePage, Example, Within};

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: Code::NotYaml,
        title: "a document is not YAML",
        happens: "Nobody can read the document: kubectl refuses the file. The other documents of \
            the file count.",
        fix: "mend the syntax at the place that is named",
        example: Example {
            within: Within::File,
            wrong: "kind: [ServiceEntry\n",
            right: r"kind: ServiceEntry
apiVersion: networking.istio.io/v1
metadata: {name: a}
",
        },
    },
    CodePage {
        code: Code::NoObject,
        title: "a document is no Kubernetes object",
        happens: "The API server refuses what has no apiVersion, kind or metadata.name. The \
            servers of eastwest take it for something that may have narrowed whom to trust.",
        fix: "add what is missing, or move the document to a file that is not applied",
        example: Example {
            within: Within::File,
            wrong: "hello: world\n",
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
        code: Code::UnknownKind,
        title: "a kind or version that does not exist",
        happens: "The API server refuses the object, or nobody reads it.",
        fix: "write the kind and the apiVersion that were meant",
        example: Example {
            within: Within::File,
            wrong: r"apiVersion: networking.istio.io/v1
kind: ServiceEntri
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
",
        },
    },
    CodePage {
        code: Code::UnknownField,
        title: "a field that does not exist",
        happens: "The API server drops the field or refuses the object; what it was meant to say \
            is not said.",
        fix: "write the name that was meant, or take the field out",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "adresses: [240.240.1.1]\n",
            right: "addresses: [240.240.1.1]\n",
        },
    },
    CodePage {
        code: Code::WrongValue,
        title: "a value of the wrong type or range",
        happens: "The API server refuses the object.",
        fix: "write a value that the message names",
        example: Example {
            within: Within::ServiceEntry,
            wrong: r#"ports: [{number: "3306", name: mysql, protocol: TCP}]
"#,
            right: "ports: [{number: 3306, name: mysql, protocol: TCP}]\n",
        },
    },
    CodePage {
        code: Code::SameName,
        title: "two objects of one kind and name",
        happens: "In a cluster the one that is applied last replaces the other; the servers of \
            eastwest heed the first.",
        fix: "take one out, or give it another name",
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
metadata: {name: src-db-0, namespace: pxc}
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
        },
    },
    CodePage {
        code: Code::NoValue,
        title: "a key without a value",
        happens: "For the API the key is absent, and an absent part of a policy means everyone.",
        fix: "write the value, or take the key out",
        example: Example {
            within: Within::AuthorizationPolicy,
            wrong: r"rules:
- from:
",
            right: r"rules:
- from:
  - source: {namespaces: [pxc]}
",
        },
    },
    CodePage {
        code: Code::TooMuch,
        title: "more, or longer, than the custom resource takes",
        happens: "The API server refuses the object.",
        fix: "write less, or cut the object in two",
        example: Example {
            within: Within::Gateway,
            wrong: r"servers:
- port: {number: 443, name: https, protocol: HTTPS}
  tls: {mode: SIMPLE, credentialNames: [rsa, ecdsa, old]}
  hosts: [db.example.com]
",
            right: r"servers:
- port: {number: 443, name: https, protocol: HTTPS}
  tls: {mode: SIMPLE, credentialNames: [rsa, ecdsa]}
  hosts: [db.example.com]
",
        },
    },
];
