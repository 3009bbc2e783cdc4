//! The further forms of a fault, beside those that the pages show.

use eastwest_mesh::Within::{self, AuthorizationPolicy, DestinationRule, Gateway, ServiceEntry};

use super::pages::whole;
use super::{codes, lint_text};

fn server(port: &str, more: &str) -> String {
    format!("servers:\n- port: {{{port}}}\n{more}\n")
}

const TLS_PORT: &str = "number: 15443, name: tls, protocol: TLS";
const HTTPS: &str = "number: 443, name: https, protocol: HTTPS";
const HOSTS: &str = "  hosts: [a.example.com]\n";

fn tls(tls: &str) -> String {
    format!("trafficPolicy:\n  tls: {{{tls}}}\n")
}

#[track_caller]
fn found(within: Within, text: &str) -> Vec<&'static str> {
    let found = codes(&lint_text(&whole(within, text)));
    found.into_iter().map(eastwest_mesh::Code::id).collect()
}

/// Each of the first gives the code, and none of the others.
#[track_caller]
fn check(within: Within, code: &str, wrong: &[String], right: &[String]) {
    for text in wrong {
        let found = found(within, text);
        assert!(found.contains(&code), "{text}: {code} is not in {found:?}");
    }
    for text in right {
        let found = found(within, text);
        assert!(!found.contains(&code), "{text}: {code} is in {found:?}");
    }
}

#[test]
fn sizes_that_the_custom_resource_takes() {
    let list = |count: usize| {
        let hosts: Vec<_> = (0..count).map(|i| format!("h{i}.example.com")).collect();
        format!("hosts: [{}]", hosts.join(", "))
    };
    let labels = |count: usize| {
        let labels: Vec<_> = (0..count).map(|i| format!("l{i}: x")).collect();
        format!("workloadSelector: {{labels: {{{}}}}}", labels.join(", "))
    };
    let account = |length: usize| {
        format!(
            "endpoints: [{{address: 10.0.0.1, serviceAccount: {}}}]",
            "a".repeat(length)
        )
    };
    check(
        ServiceEntry,
        "EW008",
        &[list(257), labels(257), account(254)],
        &[list(256), labels(256), account(253)],
    );
}

#[test]
fn what_a_gateways_server_must_have() {
    let plain = server(TLS_PORT, HOSTS);
    let passing = server(
        TLS_PORT,
        &format!("  tls: {{mode: AUTO_PASSTHROUGH}}\n{HOSTS}"),
    );
    check(Gateway, "EW302", &[plain], std::slice::from_ref(&passing));
    let twice = format!("{passing}{}", passing.replace("servers:\n", ""));
    let nothing = "servers:\n- hosts: [a.example.com]\n".to_owned();
    check(
        Gateway,
        "EW306",
        &[twice, nothing],
        std::slice::from_ref(&passing),
    );
    let host = |host: &str| passing.replace("a.example.com", &format!("'{host}'"));
    check(
        Gateway,
        "EW305",
        &[
            host("short"),
            host("a_b/x.example.com"),
            host("x_y.example.com"),
        ],
        &[host("*"), host("./x.example.com"), host("*.example.com")],
    );
}

#[test]
fn a_server_that_ends_tls_needs_its_certificate() {
    let mode = |tls: &str| server(HTTPS, &format!("  tls: {{mode: {tls}}}\n{HOSTS}"));
    let pair = "serverCertificate: /a, privateKey: /b";
    check(
        Gateway,
        "EW307",
        &[
            mode("SIMPLE, serverCertificate: /a"),
            mode(&format!("MUTUAL, {pair}")),
        ],
        &[
            mode(&format!("SIMPLE, {pair}")),
            mode(&format!("MUTUAL, {pair}, caCertificates: /c")),
            mode("MUTUAL, credentialName: c"),
            mode("ISTIO_MUTUAL"),
        ],
    );
}

#[test]
fn certificates_go_with_their_mode() {
    let pair = "clientCertificate: /a, privateKey: /b";
    check(
        DestinationRule,
        "EW406",
        &[
            tls("mode: ISTIO_MUTUAL, caCertificates: /c"),
            tls("mode: MUTUAL, clientCertificate: /a"),
            "subsets:\n- name: a\n  trafficPolicy: {tls: {mode: MUTUAL}}\n".to_owned(),
        ],
        &[
            tls(&format!("mode: MUTUAL, {pair}")),
            tls("mode: MUTUAL, credentialName: c"),
            tls("mode: SIMPLE"),
        ],
    );
    let subsets =
        |names: [&str; 2]| format!("subsets: [{{name: {}}}, {{name: {}}}]", names[0], names[1]);
    check(
        DestinationRule,
        "EW405",
        &[subsets(["a", "a"]), subsets(["a", "b_c"])],
        &[subsets(["a", "b"])],
    );
    let export = |to: &str| format!("exportTo: [{to}]");
    check(
        DestinationRule,
        "EW216",
        &[export("'~'")],
        &[export("'*'"), export("a, b")],
    );
}

#[test]
fn fields_of_a_policy_exclude_each_other() {
    let source = |source: &str| format!("rules: [{{from: [{{source: {{{source}}}}}]}}]");
    check(
        AuthorizationPolicy,
        "EW503",
        &[
            "selector: {matchLabels: {a: b}}\ntargetRefs: [{kind: Service, name: s}]".to_owned(),
            "action: CUSTOM\nprovider: {name: p}".to_owned(),
            "action: DENY\nprovider: {name: p}".to_owned(),
            source("serviceAccounts: [a], namespaces: [b]"),
        ],
        &[
            "action: CUSTOM\nprovider: {name: p}\nrules: [{}]".to_owned(),
            source("serviceAccounts: [a]"),
            source("principals: [a], namespaces: [b]"),
        ],
    );
    let label = |label: &str| format!("selector: {{matchLabels: {{{label}}}}}");
    let long = |length: usize| format!("a: {}", "x".repeat(length));
    check(
        AuthorizationPolicy,
        "EW504",
        &[label("'a*': b"), label("'': b"), label(&long(64))],
        &[label("a: b"), label(&long(63))],
    );
}

#[test]
fn sockets_and_names_go_with_their_resolution() {
    let endpoint = |resolution: &str, address: &str, more: &str| {
        format!("resolution: {resolution}\nendpoints: [{{address: '{address}'{more}}}]")
    };
    check(
        ServiceEntry,
        "EW211",
        &[
            endpoint("DNS", "unix:///run/x", ""),
            endpoint("STATIC", "unix:///run/", ""),
            endpoint("STATIC", "unix://run", ""),
            "ports: [{number: 1, name: a}, {number: 2, name: b}]\nendpoints: [{address: 'unix:///x'}]"
                .to_owned(),
        ],
        &[endpoint("STATIC", "unix:///run/x", ""), endpoint("STATIC", "unix://@x", "")],
    );
    check(
        ServiceEntry,
        "EW204",
        &[endpoint("DNS", "a_b.example.com", "")],
        &[endpoint("DNS", "a-b.example.com", "")],
    );
    check(
        ServiceEntry,
        "EW214",
        &[
            "hosts: ['*.a.b']\nresolution: DYNAMIC_DNS\nendpoints: []\naddresses: [10.0.0.1]"
                .to_owned(),
        ],
        &[],
    );
}
