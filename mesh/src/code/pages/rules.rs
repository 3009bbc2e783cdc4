//! DestinationRule.

use super::{Code, CodePage, Example, Within};

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: Code::RuleHost,
        title: "a DestinationRule without a host",
        happens: "The API server refuses it. eastwest takes it for one that may have pinned a far \
            end.",
        fix: "write the host of the alias",
        example: Example {
            within: Within::DestinationRule,
            wrong: "host: a..b\n",
            right: "host: src-db-0.pxc.svc.cluster.local\n",
        },
    },
    CodePage {
        code: Code::RuleTlsMode,
        title: "a tls block without a mode",
        happens: "The default mode is DISABLE: the client's sidecar sends plain text. eastwest \
            uses mTLS.",
        fix: "add mode: ISTIO_MUTUAL",
        example: Example {
            within: Within::DestinationRule,
            wrong: r"trafficPolicy:
  tls: {sni: outbound_.3306_._.db-0.db.pxc.svc.cluster.local}
",
            right: r"trafficPolicy:
  tls: {mode: ISTIO_MUTUAL, sni: outbound_.3306_._.db-0.db.pxc.svc.cluster.local}
",
        },
    },
    CodePage {
        code: Code::RuleServerName,
        title: "a server name that can not be sent",
        happens: "No ClientHello can carry it, or no gateway takes it.",
        fix: "write outbound_.PORT_._.HOST, or the HOST alone for a gateway with plain names",
        example: Example {
            within: Within::DestinationRule,
            wrong: r#"trafficPolicy:
  tls: {mode: ISTIO_MUTUAL, sni: "a b"}
"#,
            right: r"trafficPolicy:
  tls: {mode: ISTIO_MUTUAL, sni: outbound_.3306_._.db-0.db.pxc.svc.cluster.local}
",
        },
    },
    CodePage {
        code: Code::RulesForOneHost,
        title: "two rules for one host that differ",
        happens: "Istio merges them, and which tls counts depends on their age. eastwest makes no \
            connection to the host until there is one.",
        fix: "write them as one",
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
kind: DestinationRule
metadata: {name: one, namespace: pxc}
spec:
  host: src-db-0.pxc.svc.cluster.local
  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: two, namespace: pxc}
spec:
  host: src-db-0.pxc.svc.cluster.local
  trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: db-0.db.pxc.svc.cluster.local}}
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
kind: DestinationRule
metadata: {name: one, namespace: pxc}
spec:
  host: src-db-0.pxc.svc.cluster.local
  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}
",
        },
    },
    CodePage {
        code: Code::RuleSubset,
        title: "a subset without a name of its own",
        happens: "istiod refuses the object.",
        fix: "give each subset a name of its own",
        example: Example {
            within: Within::DestinationRule,
            wrong: r"subsets:
- labels: {version: v1}
",
            right: r"subsets:
- name: v1
  labels: {version: v1}
",
        },
    },
    CodePage {
        code: Code::RuleCertificate,
        title: "certificates that do not go with the mode",
        happens: "istiod refuses certificates with ISTIO_MUTUAL, and MUTUAL without them.",
        fix: "take them out, or write the mode that goes with them",
        example: Example {
            within: Within::DestinationRule,
            wrong: r"trafficPolicy:
  tls: {mode: MUTUAL}
",
            right: r"trafficPolicy:
  tls: {mode: ISTIO_MUTUAL}
",
        },
    },
    CodePage {
        code: Code::RuleNotMutual,
        title: "TLS of another kind than the mesh's",
        happens: "With SIMPLE and MUTUAL the client's sidecar offers no ALPN of Istio's, and each \
            filter chain of an AUTO_PASSTHROUGH server asks for one: the gateway accepts the \
            connection and closes it without a byte. DISABLE is EW102, and what eastwest does is \
            EW913.",
        fix: "write mode: ISTIO_MUTUAL, which --fix does where no certificates are named",
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
        code: Code::SlowKeepalive,
        title: "a keepalive that notices a dead connection late",
        happens: "A gateway or pod that vanished without a word is waited for as long as time + \
            interval x probes. A replica gives up by itself after 60 s (replica_net_timeout); until then \
            it gets nothing, and no error either.",
        fix: "take tcpKeepalive out (15 s are usual here), or write shorter times",
        example: Example {
            within: Within::DestinationRule,
            wrong: r"trafficPolicy:
  connectionPool: {tcp: {tcpKeepalive: {time: 7200s, interval: 75s}}}
",
            right: r"trafficPolicy:
  connectionPool: {tcp: {tcpKeepalive: {time: 20s, interval: 5s, probes: 3}}}
",
        },
    },
    CodePage {
        code: Code::IdleRule,
        title: "a DestinationRule that holds for no alias",
        happens: "Whoever must be at the far end by it need not be there: the alias that it is meant for \
            is served without it. Where files are read again, and an alias loses its rule while another one \
            holds for nothing, they are not taken. A rule for other hosts, of which there is no alias, can \
            stay.",
        fix: "write the host of the alias",
        example: Example {
            within: Within::DestinationRule,
            wrong: "host: src-db-00.pxc.svc.cluster.local\n",
            right: "host: src-db-0.pxc.svc.cluster.local\n",
        },
    },
];
