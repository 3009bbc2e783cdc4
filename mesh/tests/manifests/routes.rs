//! What a ServiceEntry and its DestinationRule make of an alias.

use eastwest_mesh::{Capture, Principal, Severity};

use super::{errors, lines, load_files, load_text, only_route, service_entry};

fn destination_rule(host: &str, policy: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
         metadata: {{name: rule, namespace: pxc}}\n\
         spec:\n  host: {host}\n  trafficPolicy: {{{policy}}}\n"
    )
}

fn with_annotation(entry: &str, remote: &str) -> String {
    entry.replacen(
        "namespace: pxc",
        &format!("namespace: pxc, annotations: {{eastwest.dev/remote-host: {remote}}}"),
        1,
    )
}

const ALIAS: &str = "src-db-0.pxc.svc.cluster.local";

#[test]
fn all_api_versions_of_istio_are_read() {
    for version in ["v1", "v1beta1", "v1alpha3"] {
        let text = service_entry("db-0", "").replace("io/v1", &format!("io/{version}"));
        assert_eq!(only_route(&load_text(&text)).alias.as_str(), ALIAS);
    }
}

#[test]
fn the_convention_names_the_pod_and_the_server_name_names_the_pod_and_port() {
    let mesh = load_text(&service_entry("db-0", ""));
    let route = only_route(&mesh);
    assert_eq!(route.remote.as_str(), "db-0.db.pxc.svc.cluster.local");
    assert_eq!(route.sni, "outbound_.3306_._.db-0.db.pxc.svc.cluster.local");
    assert_eq!((route.port.get(), route.remote_port.get()), (3306, 3306));
}

#[test]
fn the_annotation_goes_before_the_convention() {
    let text = with_annotation(
        &service_entry("db-0", ""),
        "other-1.other.prod.svc.cluster.local",
    );
    let mesh = load_text(&text);
    assert_eq!(
        only_route(&mesh).sni,
        "outbound_.3306_._.other-1.other.prod.svc.cluster.local"
    );
}

#[test]
fn the_server_name_of_a_destination_rule_is_sent_byte_for_byte() {
    let sni = "outbound_.3307_.V1_.db-9.db.prod.svc.cluster.local";
    let rule = destination_rule(ALIAS, &format!("tls: {{mode: ISTIO_MUTUAL, sni: {sni}}}"));
    let mesh = load_files(&[&service_entry("db-0", ""), &rule], Capture::Vip);
    let route = only_route(&mesh);
    assert_eq!(route.sni, sni);
    assert_eq!(route.remote.as_str(), "db-9.db.prod.svc.cluster.local");
    assert_eq!((route.port.get(), route.remote_port.get()), (3306, 3307));
}

#[test]
fn a_plain_server_name_makes_any_host_an_alias() {
    let entry =
        service_entry("db-0", "").replace("src-db-0.pxc.svc.cluster.local", "db.example.com");
    assert_eq!(load_text(&entry).routes, []);
    let sni = "db-0.db.pxc.svc.cluster.local";
    let rule = destination_rule(
        "db.example.com",
        &format!("tls: {{mode: ISTIO_MUTUAL, sni: {sni}}}"),
    );
    let mesh = load_files(&[&rule, &entry], Capture::Vip);
    let route = only_route(&mesh);
    assert_eq!((route.sni.as_str(), route.remote_port.get()), (sni, 3306));
}

#[test]
fn the_endpoint_port_goes_before_the_target_port_and_that_before_the_number() {
    let entry = service_entry("db-0", "");
    let with_target = entry.replace("protocol: TCP", "protocol: TCP, targetPort: 15555");
    let dialled = |text: &str| only_route(&load_text(text)).gateways[0].port.get();
    assert_eq!(dialled(&with_target), 15443);
    assert_eq!(
        dialled(&with_target.replace(", ports: {mysql: 15443}", "")),
        15555
    );
    assert_eq!(dialled(&entry.replace(", ports: {mysql: 15443}", "")), 3306);
}

#[test]
fn an_endpoint_without_a_port_of_its_own_is_a_warning_with_the_line_to_add() {
    let mesh = load_text(&service_entry("db-0", "").replace(", ports: {mysql: 15443}", ""));
    let warnings = lines(&mesh, Severity::Warning);
    let about = warnings
        .iter()
        .find(|line| line.contains("gives no port"))
        .unwrap();
    assert!(about.starts_with("a.yaml:8:25: warning: "), "{about}");
    assert!(
        about.ends_with("fix: add ports: {mysql: 15443} to the endpoint"),
        "{about}"
    );
}

#[test]
fn gateways_keep_their_order_weight_and_locality_and_may_be_names() {
    let text = service_entry("db-0", "").replace(
        "[{address: 10.0.0.1, ports: {mysql: 15443}, serviceAccount: db}]",
        "[{address: GW.example.com., ports: {mysql: 15443}, weight: 3, locality: r/z}, \
          {address: '2001:db8::1', ports: {mysql: 443}, weight: 0}]",
    );
    let mesh = load_text(&text);
    let gateways = &only_route(&mesh).gateways;
    let shown: Vec<_> = gateways.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["gw.example.com:15443", "[2001:db8::1]:443"]);
    assert_eq!((gateways[0].weight, gateways[1].weight), (Some(3), None));
    assert_eq!(gateways[0].locality.as_deref(), Some("r/z"));
}

fn allows(text: &[&str], trust_domain: &str, path: &str) -> bool {
    let mesh = load_files(text, Capture::Vip);
    let peer = Principal { trust_domain, path };
    only_route(&mesh).peer.allows(&peer, "cluster.local")
}

#[test]
fn a_service_account_of_an_endpoint_is_in_the_namespace_of_its_service_entry() {
    let entry = service_entry("db-0", "");
    assert!(allows(&[&entry], "cluster.local", "/ns/pxc/sa/db"));
    assert!(!allows(&[&entry], "cluster.local", "/ns/pxc/sa/other"));
}

#[test]
fn without_any_word_the_far_end_is_an_account_of_the_remote_hosts_namespace() {
    let plain = service_entry("db-0", "").replace(", serviceAccount: db", "");
    let entry = with_annotation(&plain, "other-1.other.prod.svc.cluster.local");
    assert!(allows(&[&entry], "cluster.local", "/ns/prod/sa/any"));
    assert!(!allows(&[&entry], "cluster.local", "/ns/pxc/sa/any"));
    assert!(!allows(&[&entry], "other.domain", "/ns/prod/sa/any"));
}

#[test]
fn the_namespace_is_read_from_a_host_of_another_cluster_domain_too() {
    let plain = service_entry("db-0", "").replace(", serviceAccount: db", "");
    let entry = with_annotation(&plain, "db-0.db.prod.svc.east.example");
    assert!(allows(&[&entry], "cluster.local", "/ns/prod/sa/any"));
}

#[test]
fn subject_alt_names_add_to_accounts_and_those_of_a_rule_replace_both() {
    let entry = service_entry("db-0", "subjectAltNames: ['spiffe://far/ns/a/sa/b']");
    assert!(allows(&[&entry], "far", "/ns/a/sa/b"));
    assert!(allows(&[&entry], "cluster.local", "/ns/pxc/sa/db"));
    let policy = "tls: {mode: ISTIO_MUTUAL, subjectAltNames: ['spiffe://far/ns/c/sa/d']}";
    let rule = destination_rule(ALIAS, policy);
    assert!(allows(&[&entry, &rule], "far", "/ns/c/sa/d"));
    assert!(!allows(&[&entry, &rule], "far", "/ns/a/sa/b"));
    assert!(!allows(&[&entry, &rule], "cluster.local", "/ns/pxc/sa/db"));
}

#[test]
fn a_remote_host_without_a_namespace_needs_a_word_about_who_is_there() {
    let plain = service_entry("db-0", "").replace(", serviceAccount: db", "");
    let entry = with_annotation(&plain, "db.example.com");
    let mesh = load_text(&entry);
    assert_eq!((mesh.routes.len(), mesh.down.len()), (0, 1));
    assert!(
        errors(&mesh)[0].contains("fix: add subjectAltNames"),
        "{:?}",
        errors(&mesh)
    );
    let named = with_annotation(&service_entry("db-0", ""), "db.example.com");
    assert_eq!(load_text(&named).routes.len(), 1);
}

#[test]
fn other_tls_modes_for_an_alias_take_it_down_at_the_mode() {
    for mode in ["DISABLE", "SIMPLE", "MUTUAL"] {
        let rule = destination_rule(ALIAS, &format!("tls: {{mode: {mode}}}"));
        let (one, two) = (service_entry("db-0", ""), service_entry("db-1", ""));
        let mesh = load_files(&[&rule, &one, &two], Capture::Vip);
        assert_eq!(
            only_route(&mesh).alias.as_str(),
            "src-db-1.pxc.svc.cluster.local"
        );
        let [error] = &errors(&mesh)[..] else {
            panic!("{:?}", errors(&mesh))
        };
        assert!(
            error.starts_with("a.yaml:6:31: error: DestinationRule pxc/rule: "),
            "{error}"
        );
        assert!(error.ends_with("fix: write mode: ISTIO_MUTUAL"), "{error}");
        assert_eq!(mesh.down[0].origin.to_string(), "a.yaml:6:31");
    }
}

#[test]
fn a_rule_about_another_host_is_passed_over_whatever_it_says() {
    let rule = destination_rule(
        "api.example.com",
        "tls: {mode: SIMPLE, sni: x}, tunnel: {}, typo: 1",
    );
    let mesh = load_files(&[&service_entry("db-0", ""), &rule], Capture::Vip);
    assert_eq!(errors(&mesh), [""; 0]);
    assert_eq!(mesh.routes.len(), 1);
}

#[test]
fn a_setting_that_would_change_the_traffic_takes_its_host_down() {
    for policy in [
        "tunnel: {}",
        "proxyProtocol: {}",
        "portLevelSettings: []",
        "loadBalancer: {consistentHash: {}}",
        "loadBalancer: {localityLbSetting: {}}",
        "tls: {mode: ISTIO_MUTUAL, credentialName: x}",
        "tls: {mode: ISTIO_MUTUAL, insecureSkipVerify: true}",
        "typo: 1",
    ] {
        let rule = destination_rule(ALIAS, policy);
        let mesh = load_files(&[&service_entry("db-0", ""), &rule], Capture::Vip);
        assert_eq!((mesh.routes.len(), mesh.down.len()), (0, 1), "{policy}");
        assert_eq!(errors(&mesh).len(), 1, "{policy}");
    }
}

#[test]
fn a_setting_that_only_tunes_is_a_warning() {
    for policy in [
        "connectionPool: {tcp: {maxConnections: 5}}",
        "outlierDetection: {interval: 5s}",
        "loadBalancer: {simple: RANDOM}",
    ] {
        let rule = destination_rule(ALIAS, policy);
        let mesh = load_files(&[&rule, &service_entry("db-0", "")], Capture::Vip);
        assert_eq!(mesh.routes.len(), 1, "{policy}");
        let warnings = lines(&mesh, Severity::Warning);
        assert!(
            warnings[0].contains("has no effect here"),
            "{policy}: {warnings:?}"
        );
    }
}

#[test]
fn the_narrowest_rule_holds() {
    let tls = |account: &str| {
        format!("tls: {{mode: ISTIO_MUTUAL, subjectAltNames: ['spiffe://td/ns/x/sa/{account}']}}")
    };
    let name = |text: String, name: &str| text.replace("name: rule", &format!("name: {name}"));
    let all = name(destination_rule("'*.local'", &tls("all")), "all");
    let some = name(
        destination_rule("'*.pxc.svc.cluster.local'", &tls("some")),
        "some",
    );
    let one = name(destination_rule("src-db-0", &tls("one")), "one");
    let entry = service_entry("db-0", "");
    assert!(allows(&[&all, &entry], "td", "/ns/x/sa/all"));
    assert!(allows(&[&all, &some, &entry], "td", "/ns/x/sa/some"));
    assert!(allows(&[&all, &one, &some, &entry], "td", "/ns/x/sa/one"));
}

#[test]
fn two_rules_for_one_host_that_differ_take_it_down() {
    let one = destination_rule(ALIAS, "tls: {mode: ISTIO_MUTUAL}");
    let two = destination_rule(
        ALIAS,
        "tls: {mode: ISTIO_MUTUAL, sni: a.b.c.svc.cluster.local}",
    );
    let two = two.replace("name: rule", "name: rule2");
    let mesh = load_files(&[&one, &two, &service_entry("db-0", "")], Capture::Vip);
    assert_eq!((mesh.routes.len(), mesh.down.len()), (0, 1));
    assert!(
        errors(&mesh)[0].starts_with("b.yaml:1:1: error: "),
        "{:?}",
        errors(&mesh)
    );
    let same = one.replace("name: rule", "name: rule2");
    assert_eq!(
        load_files(&[&one, &same, &service_entry("db-0", "")], Capture::Vip)
            .routes
            .len(),
        1
    );
}

#[test]
fn the_second_definition_of_an_alias_and_port_is_left_out() {
    let one = service_entry("db-0", "");
    let two = one
        .replace("name: src-db-0", "name: again")
        .replace("10.0.0.1", "10.0.0.2");
    let mesh = load_files(&[&one, &two], Capture::Vip);
    assert_eq!(only_route(&mesh).gateways[0].to_string(), "10.0.0.1:15443");
    let [error] = &errors(&mesh)[..] else {
        panic!("{:?}", errors(&mesh))
    };
    assert!(
        error.starts_with("b.yaml:6:20: error: ") && error.contains("a.yaml:5:11"),
        "{error}"
    );
}

#[test]
fn a_udp_port_is_down_alone() {
    let text = service_entry("db-0", "").replace(
        "protocol: TCP}",
        "protocol: TCP}, {number: 53, name: dns, protocol: UDP}",
    );
    let mesh = load_text(&text);
    assert_eq!(only_route(&mesh).port.get(), 3306);
    assert_eq!(mesh.down[0].port.map(u16::from), Some(53));
}

#[test]
fn an_alias_without_endpoints_or_ports_is_no_route_and_says_so() {
    let entry = service_entry("db-0", "");
    let no_endpoints: String = entry
        .lines()
        .filter(|l| !l.contains("endpoints"))
        .map(|l| format!("{l}\n"))
        .collect();
    let mesh = load_text(&no_endpoints);
    assert_eq!(mesh.routes, []);
    assert!(lines(&mesh, Severity::Warning)[0].contains("has no endpoints"));
    let no_ports = entry.replace(
        "  ports: [{number: 3306, name: mysql, protocol: TCP}]\n",
        "",
    );
    let mesh = load_text(&no_ports.replace("ports: {mysql: 15443}, ", ""));
    assert_eq!((mesh.routes.len(), mesh.down.len()), (0, 1));
}

#[test]
fn a_service_entry_about_the_rest_of_the_world_is_a_note_whatever_it_holds() {
    let text = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: x}\n\
                spec:\n  hosts: [api.example.com]\n  workloadSelector: {}\n  resolution: DNS\n\
                \x20 ports: [{number: 443, name: tls, protocol: UDP}]\n";
    let mesh = load_text(text);
    let [note] = mesh.findings.as_slice() else {
        panic!("{:#?}", mesh.findings)
    };
    assert_eq!(note.severity, Severity::Note);
    assert!(
        note.message.contains("api.example.com is no alias here"),
        "{note}"
    );
}

#[test]
fn a_service_or_virtual_service_of_an_aliass_name_is_a_warning() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: src-db-0, namespace: pxc}\n";
    let routes = "apiVersion: networking.istio.io/v1\nkind: VirtualService\n\
                  metadata: {name: v, namespace: pxc}\nspec: {hosts: [src-db-0]}\n";
    for neighbour in [service, routes] {
        let mesh = load_files(&[&service_entry("db-0", ""), neighbour], Capture::Vip);
        let warnings = lines(&mesh, Severity::Warning);
        assert!(
            warnings.iter().any(|line| line.starts_with("b.yaml:1:1: ")),
            "{warnings:?}"
        );
        let alone = load_text(neighbour);
        assert_eq!(lines(&alone, Severity::Warning), [""; 0]);
    }
}

#[test]
fn a_lax_peer_authentication_is_a_warning_and_a_strict_one_nothing() {
    let text = |mode: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: p}}\n\
             spec:\n  selector: {{matchLabels: {{a: b}}}}\n  mtls: {{mode: {mode}}}\n\
             \x20 portLevelMtls: {{3306: {{mode: {mode}}}}}\n"
        )
    };
    assert_eq!(load_text(&text("STRICT")).findings, []);
    for lax in ["PERMISSIVE", "DISABLE"] {
        assert_eq!(
            lines(&load_text(&text(lax)), Severity::Warning),
            [
                format!(
                    "a.yaml:6:16: warning: PeerAuthentication default/p: spec.mtls.mode {lax} has no effect: mTLS stays required here"
                ),
                format!(
                    "a.yaml:7:32: warning: PeerAuthentication default/p: spec.portLevelMtls.3306.mode {lax} has no effect: mTLS stays required here"
                ),
            ]
        );
    }
}
