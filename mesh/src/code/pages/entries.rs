//! ServiceEntry.

use super::{Code, CodePage, Example, Within};

pub(super) const PAGES: &[CodePage] = &[
    CodePage {
        code: Code::EntryWithoutHost,
        title: "a ServiceEntry without hosts",
        happens: "The API server refuses it.",
        fix: "list hosts",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "hosts: []\n",
            right: "hosts: [src-db-0.pxc.svc.cluster.local]\n",
        },
    },
    CodePage {
        code: Code::EntryHost,
        title: "a host that is no name",
        happens: "istiod refuses \"*\" and names with more than letters, digits, \"-\" and a \
            leading wildcard label. A wildcard within a label is taken, and matches nothing \
            in most proxies.",
        fix: "write a DNS name",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "hosts: [db_0.example.com]\n",
            right: "hosts: [db-0.example.com]\n",
        },
    },
    CodePage {
        code: Code::EntryAddress,
        title: "an address that is none",
        happens: "istiod refuses what is neither an IP address nor a range, and ranges with other \
            resolutions than NONE and STATIC.",
        fix: "write an IP address",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "addresses: [10.0.0.300]\n",
            right: "addresses: [240.240.3.4]\n",
        },
    },
    CodePage {
        code: Code::EndpointAddress,
        title: "an endpoint that leads nowhere",
        happens: "istiod refuses an endpoint with neither address nor network, and one that is \
            neither an IP address nor a name.",
        fix: "write the IP address or the name of the gateway",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "endpoints: [{ports: {mysql: 15443}, serviceAccount: db}]\n",
            right: "endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]\n",
        },
    },
    CodePage {
        code: Code::EndpointPort,
        title: "an endpoint's port names no port of the ServiceEntry",
        happens: "istiod refuses the object.",
        fix: "write the name of one of its ports",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "endpoints: [{address: 10.0.0.1, ports: {tcp: 15443}, serviceAccount: db}]\n",
            right: "endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]\n",
        },
    },
    CodePage {
        code: Code::EndpointAccount,
        title: "a service account that is no name",
        happens: "The identity that is made from it is nobody's, and the client refuses every \
            server.",
        fix: "write the name alone; a full identity belongs under subjectAltNames",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: ns/pxc/sa/db}]\n",
            right: "endpoints: [{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]\n",
        },
    },
    CodePage {
        code: Code::EntryPorts,
        title: "ports that are incomplete or clash",
        happens: "istiod refuses ports without number or name, two with one number or name, names \
            that are no DNS label, and more than 256.",
        fix: "give each port a number and a name of its own",
        example: Example {
            within: Within::ServiceEntry,
            wrong: r"ports: [{number: 3306, name: my_sql, protocol: TCP}]
endpoints: []
",
            right: r"ports: [{number: 3306, name: mysql, protocol: TCP}]
endpoints: []
",
        },
    },
    CodePage {
        code: Code::SelectorAndEndpoints,
        title: "a selector beside endpoints",
        happens: "istiod refuses the object.",
        fix: "take one of the two out",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "workloadSelector: {labels: {app: db}}\n",
            right: r"workloadSelector: {labels: {app: db}}
endpoints: []
",
        },
    },
    CodePage {
        code: Code::EndpointsWithNone,
        title: "endpoints with resolution NONE",
        happens: "istiod refuses the object. NONE is the default.",
        fix: "write resolution: STATIC for IP addresses, DNS for names, which --fix does",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "resolution: NONE\n",
            right: "resolution: STATIC\n",
        },
    },
    CodePage {
        code: Code::StaticName,
        title: "a DNS name with resolution STATIC",
        happens: "istiod refuses the object, as with the host name of a load balancer. eastwest \
            looks the name up again as its TTL says.",
        fix: "write resolution: DNS, which --fix does where all endpoints are names",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "endpoints: [{address: gw.example.com, ports: {mysql: 15443}, serviceAccount: db}]\n",
            right: r"resolution: DNS
endpoints: [{address: gw.example.com, ports: {mysql: 15443}, serviceAccount: db}]
",
        },
    },
    CodePage {
        code: Code::UnixEndpoint,
        title: "a Unix socket with ports",
        happens: "istiod refuses a socket with resolution DNS, with ports under the endpoint, \
            without exactly one port of the ServiceEntry, or with a path that is none.",
        fix: "write one port, and none under the endpoint",
        example: Example {
            within: Within::ServiceEntry,
            wrong: r#"endpoints: [{address: "unix:///run/db.sock", ports: {mysql: 15443}}]
"#,
            right: r#"endpoints: [{address: "unix:///run/db.sock"}]
"#,
        },
    },
    CodePage {
        code: Code::DnsWithoutName,
        title: "resolution DNS without a name to look up",
        happens: "istiod refuses a wildcard without endpoints: it can not be looked up.",
        fix: "write the names, or list endpoints",
        example: Example {
            within: Within::ServiceEntry,
            wrong: r#"hosts: ["*.example.com"]
resolution: DNS
endpoints: []
"#,
            right: r"hosts: [db.example.com]
resolution: DNS
endpoints: []
",
        },
    },
    CodePage {
        code: Code::RoundRobin,
        title: "resolution DNS_ROUND_ROBIN with several endpoints",
        happens: "istiod refuses the object.",
        fix: "write resolution: DNS",
        example: Example {
            within: Within::ServiceEntry,
            wrong: r"resolution: DNS_ROUND_ROBIN
endpoints: [{address: a.example.com, ports: {mysql: 15443}}, {address: b.example.com, ports: {mysql: 15443}}]
",
            right: r"resolution: DNS
endpoints: [{address: a.example.com, ports: {mysql: 15443}}, {address: b.example.com, ports: {mysql: 15443}}]
",
        },
    },
    CodePage {
        code: Code::DynamicDns,
        title: "resolution DYNAMIC_DNS with what it does not take",
        happens: "istiod refuses exact hosts, addresses and endpoints with it.",
        fix: "write resolution: DNS",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "resolution: DYNAMIC_DNS\n",
            right: r#"hosts: ["*.example.com"]
resolution: DYNAMIC_DNS
endpoints: []
"#,
        },
    },
    CodePage {
        code: Code::HostsShareTcp,
        title: "several hosts on one TCP port",
        happens: "istiod refuses the object: nothing in the bytes says which host is meant.",
        fix: "write one ServiceEntry for each host",
        example: Example {
            within: Within::ServiceEntry,
            wrong: "hosts: [a.example.com, b.example.com]\n",
            right: "hosts: [a.example.com]\n",
        },
    },
    CodePage {
        code: Code::ExportTo,
        title: "an exportTo that is refused",
        happens: "istiod refuses what is twice there, what must stand alone, and what is no \
            namespace.",
        fix: "write [\"*\"], [\".\"] or namespaces",
        example: Example {
            within: Within::ServiceEntry,
            wrong: r#"exportTo: ["*", pxc]
"#,
            right: "exportTo: [pxc]\n",
        },
    },
    CodePage {
        code: Code::IdentityWildcard,
        title: "a \"*\" in an identity",
        happens: "Istio takes it literally, and the client lets no server in. eastwest takes it \
            for a wildcard.",
        fix: "write each identity in full",
        example: Example {
            within: Within::ServiceEntry,
            wrong: r#"subjectAltNames: ["spiffe://cluster.local/ns/pxc/sa/*"]
"#,
            right: r#"subjectAltNames: ["spiffe://cluster.local/ns/pxc/sa/db"]
"#,
        },
    },
];
