//! What only the servers of eastwest mind.

use super::{Code, CodePage, Example, Within};

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: Code::Annotation,
        title: "an annotation of ours that means nothing",
        happens: "A slip in its name, or a kind that does not have it, or no such name behind it. \
            Unheeded it would lead elsewhere than was meant, so the alias is down.",
        fix: "write the annotation that was meant",
        example: Example {
            within: Within::File,
            wrong: r"apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: src-db-0, namespace: pxc, annotations: {eastwest.dev/remote-hots: db-0.db.pxc.svc.cluster.local}}
spec:
  hosts: [src-db-0.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 3306, name: mysql, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]
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
",
        },
    },
    CodePage {
        code: Code::GatewayApi,
        title: "kinds of the Gateway API",
        happens: "They are not read, and export nothing here.",
        fix: "write an Istio Gateway with tls.mode PASSTHROUGH",
        example: Example {
            within: Within::File,
            wrong: r"apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g}
spec: {}
",
            right: r#"apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: g}
spec:
  servers:
  - port: {number: 15443, name: tls, protocol: TLS}
    tls: {mode: AUTO_PASSTHROUGH}
    hosts: ["*.pxc.svc.cluster.local"]
"#,
        },
    },
    CodePage {
        code: Code::PassedOver,
        title: "something is passed over",
        happens: "It changes nothing here, and nothing is wrong.",
        fix: "nothing is to be done",
        example: Example {
            within: Within::File,
            wrong: r"apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
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
        code: Code::NotSupported,
        title: "something of Istio that is not done here",
        happens: "It would change the traffic in Istio, so the object is down rather than carried \
            out in part.",
        fix: "write it without the field",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "workloadSelector: {labels: {app: db}}\n",
            right: "location: MESH_INTERNAL\n",
        },
    },
    CodePage {
        code: Code::NoEffect,
        title: "something of Istio that changes nothing here",
        happens: "Everything is served; the field does nothing.",
        fix: "take it out if nobody else reads it",
        example: Example {
            within: Within::DestinationRule,
            wrong: r"trafficPolicy:
  connectionPool: {http: {maxRetries: 1}}
",
            right: r"trafficPolicy:
  tls: {mode: ISTIO_MUTUAL}
",
        },
    },
    CodePage {
        code: Code::PolicyClosed,
        title: "a policy that refuses everyone until it is mended",
        happens: "A DENY that can not be read may be meant for anyone, so nobody reaches the pods \
            that it selects.",
        fix: "mend the errors of the policy",
        example: Example {
            within: Within::AuthorizationPolicy,
            wrong: r"action: DENY
rules:
- to:
  - operation: {methods: [GET]}
",
            right: r#"action: DENY
rules:
- to:
  - operation: {ports: ["3306"]}
"#,
        },
    },
    CodePage {
        code: Code::DenyEverywhere,
        title: "a DENY without a namespace",
        happens: "Where it lands depends on how it is applied; here it holds in every namespace.",
        fix: "add metadata.namespace",
        example: Example {
            within: Within::File,
            wrong: r#"apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p}
spec: {action: DENY, rules: [{to: [{operation: {ports: ["3306"]}}]}]}
"#,
            right: r#"apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: pxc}
spec: {action: DENY, rules: [{to: [{operation: {ports: ["3306"]}}]}]}
"#,
        },
    },
    CodePage {
        code: Code::Identity,
        title: "an identity that no certificate of the mesh proves",
        happens: "Only SPIFFE IDs are compared here, so nobody could be at the far end.",
        fix: "write spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "subjectAltNames: [db.example.com]\n",
            right: r#"subjectAltNames: ["spiffe://cluster.local/ns/pxc/sa/db"]
"#,
        },
    },
    CodePage {
        code: Code::AliasAddress,
        title: "an address that an alias can not have",
        happens: "An alias has single addresses, and none of localhost, of no host, or of many.",
        fix: "write one address, or none to have one computed",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "addresses: [240.240.3.0/24]\n",
            right: "addresses: [127.64.0.9]\n",
        },
    },
    CodePage {
        code: Code::EndpointNotDialled,
        title: "an endpoint that is not dialled over TCP",
        happens: "A gateway is reached over TCP, at an address.",
        fix: "write the IP address or the name of the gateway",
        example: Example {
            within: Within::ServiceEntry,
            wrong: r#"endpoints: [{address: "unix:///run/gw.sock"}]
"#,
            right: "endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}}]\n",
        },
    },
    CodePage {
        code: Code::AddressUnreachable,
        title: "an address that does not lead to the shim",
        happens: "In mode vip an address outside of 127.0.0.0/8 can not be bound, and another is \
            used; in mode redirect one outside of the redirected ranges takes the alias \
            down.",
        fix: "write an address of the range, or give its range with --range",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "addresses: [10.1.2.3]\n",
            right: "addresses: [127.64.0.9]\n",
        },
    },
];
