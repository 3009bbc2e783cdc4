//! Gateway.

use super::{Code, CodePage, Example, Within};

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: Code::GatewayServers,
        title: "a Gateway without servers",
        happens: "istiod refuses it, and it exports nothing.",
        fix: "list servers",
        example: Example {
            within: Within::Gateway,
            wrong: "servers: []\n",
            right: r#"servers:
- port: {number: 15443, name: tls, protocol: TLS}
  tls: {mode: AUTO_PASSTHROUGH}
  hosts: ["*.pxc.svc.cluster.local"]
"#,
        },
    },
    CodePage {
        code: Code::GatewayProtocol,
        title: "a protocol and a tls block that do not go together",
        happens: "istiod refuses TLS and HTTPS without tls, and tls with other protocols. Nothing \
            is exported.",
        fix: "write protocol: TLS, and tls: {mode: AUTO_PASSTHROUGH}",
        example: Example {
            within: Within::Gateway,
            wrong: r#"servers:
- port: {number: 15443, name: tls, protocol: TCP}
  tls: {mode: AUTO_PASSTHROUGH}
  hosts: ["*.pxc.svc.cluster.local"]
"#,
            right: r#"servers:
- port: {number: 15443, name: tls, protocol: TLS}
  tls: {mode: AUTO_PASSTHROUGH}
  hosts: ["*.pxc.svc.cluster.local"]
"#,
        },
    },
    CodePage {
        code: Code::GatewayWithoutHost,
        title: "a server without hosts",
        happens: "istiod refuses the object.",
        fix: "list hosts",
        example: Example {
            within: Within::Gateway,
            wrong: r"servers:
- port: {number: 15443, name: tls, protocol: TLS}
  tls: {mode: AUTO_PASSTHROUGH}
  hosts: []
",
            right: r#"servers:
- port: {number: 15443, name: tls, protocol: TLS}
  tls: {mode: AUTO_PASSTHROUGH}
  hosts: ["*.pxc.svc.cluster.local"]
"#,
        },
    },
    CodePage {
        code: Code::GatewayPrefix,
        title: "a namespace in front of a host",
        happens: "On an AUTO_PASSTHROUGH server the prefix is cut off, in Istio and here: it \
            narrows nothing, and pxc/* is everything.",
        fix: "write the namespace into the name: *.pxc.svc.cluster.local",
        example: Example {
            within: Within::Gateway,
            wrong: r#"servers:
- port: {number: 15443, name: tls, protocol: TLS}
  tls: {mode: AUTO_PASSTHROUGH}
  hosts: ["pxc/*"]
"#,
            right: r#"servers:
- port: {number: 15443, name: tls, protocol: TLS}
  tls: {mode: AUTO_PASSTHROUGH}
  hosts: ["*.pxc.svc.cluster.local"]
"#,
        },
    },
    CodePage {
        code: Code::GatewayHost,
        title: "a host to export that is no name",
        happens: "istiod refuses the object.",
        fix: "write NAME, *.SUFFIX or *",
        example: Example {
            within: Within::Gateway,
            wrong: r"servers:
- port: {number: 15443, name: tls, protocol: TLS}
  tls: {mode: AUTO_PASSTHROUGH}
  hosts: [database]
",
            right: r"servers:
- port: {number: 15443, name: tls, protocol: TLS}
  tls: {mode: AUTO_PASSTHROUGH}
  hosts: [db.pxc.svc.cluster.local]
",
        },
    },
    CodePage {
        code: Code::GatewayPort,
        title: "a port without name or number, or with the name of another",
        happens: "The API server or istiod refuses the object.",
        fix: "write number, name and protocol, and give each port a name of its own",
        example: Example {
            within: Within::Gateway,
            wrong: r#"servers:
- port: {number: 15443, protocol: TLS}
  tls: {mode: AUTO_PASSTHROUGH}
  hosts: ["*.pxc.svc.cluster.local"]
"#,
            right: r#"servers:
- port: {number: 15443, name: tls, protocol: TLS}
  tls: {mode: AUTO_PASSTHROUGH}
  hosts: ["*.pxc.svc.cluster.local"]
"#,
        },
    },
    CodePage {
        code: Code::GatewayCertificate,
        title: "a server that ends TLS without a certificate",
        happens: "istiod refuses the object.",
        fix: "add credentialName: SECRET",
        example: Example {
            within: Within::Gateway,
            wrong: r#"servers:
- port: {number: 443, name: https, protocol: HTTPS}
  tls: {mode: SIMPLE}
  hosts: ["*.pxc.svc.cluster.local"]
"#,
            right: r#"servers:
- port: {number: 443, name: https, protocol: HTTPS}
  tls: {mode: SIMPLE, credentialName: cert}
  hosts: ["*.pxc.svc.cluster.local"]
"#,
        },
    },
];
