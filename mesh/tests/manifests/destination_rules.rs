//! What a DestinationRule does to the alias that it names, and what it may not do.

use std::num::{NonZeroU8, NonZeroU32};
use std::time::Duration;

use eastwest_mesh::{Capture, OutlierDetection, Severity};

use super::{
    ALIAS, allows, destination_rule, errors, lines, load_files, only_route, service_entry,
    with_annotation,
};

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
            error.starts_with("a.yaml:6:31: error[EW913]: DestinationRule pxc/rule: "),
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
        "connectionPool: {tcp: {idleTimeout: 1h}}",
        "connectionPool: {http: {maxRetries: 1}}",
        "outlierDetection: {minHealthPercent: 50}",
        "outlierDetection: {consecutiveLocalOriginFailures: 3}",
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
fn two_wildcard_rules_for_one_host_that_differ_take_its_aliases_down() {
    let tls = |account: &str| {
        format!("tls: {{mode: ISTIO_MUTUAL, subjectAltNames: ['spiffe://td/ns/x/sa/{account}']}}")
    };
    for host in ["'*.pxc.svc.cluster.local'", "'*'"] {
        let one = destination_rule(host, &tls("one"));
        let two = destination_rule(host, &tls("two")).replace("name: rule", "name: rule2");
        let entry = service_entry("db-0", "");
        let mesh = load_files(&[&one, &two, &entry], Capture::Vip);
        assert_eq!((mesh.routes.len(), mesh.down.len()), (0, 1), "{host}");
        let [error] = &errors(&mesh)[..] else {
            panic!("{:?}", errors(&mesh))
        };
        assert!(error.starts_with("b.yaml:1:1: error[EW404]: "), "{error}");
        assert!(
            error.contains("has a DestinationRule already, at a.yaml:1:1"),
            "{error}"
        );
        let same = one.replace("name: rule", "name: rule2");
        let mesh = load_files(&[&one, &same, &entry], Capture::Vip);
        assert_eq!(mesh.routes.len(), 1, "{host}");
        let notes = lines(&mesh, Severity::Note);
        assert!(
            !notes.iter().any(|note| note.contains("passed over")),
            "{notes:?}"
        );
    }
}

#[test]
fn a_second_rule_with_a_slip_takes_the_host_down_as_a_first_one_does() {
    let one = destination_rule(ALIAS, "tls: {mode: ISTIO_MUTUAL}");
    let two = "tls: {mode: ISTIO_MUTUAL, subjectAltName: ['spiffe://td/ns/pxc/sa/db']}";
    let two = destination_rule(ALIAS, two).replace("name: rule", "name: rule2");
    let mesh = load_files(&[&one, &two, &service_entry("db-0", "")], Capture::Vip);
    assert_eq!((mesh.routes.len(), mesh.down.len()), (0, 1));
    assert!(
        mesh.down[0].reason.contains("subjectAltName"),
        "{:?}",
        mesh.down
    );
}

#[test]
fn identities_that_are_commented_out_let_nobody_be_at_the_far_end() {
    for nothing in ["tls: {mode: ISTIO_MUTUAL, subjectAltNames: }", "tls: "] {
        let rule = destination_rule(ALIAS, nothing);
        let mesh = load_files(&[&rule, &service_entry("db-0", "")], Capture::Vip);
        assert_eq!((mesh.routes.len(), mesh.down.len()), (0, 1), "{nothing}");
        assert!(
            mesh.down[0].reason.contains("has no value"),
            "{:?}",
            mesh.down
        );
    }
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
        errors(&mesh)[0].starts_with("b.yaml:1:1: error[EW404]: "),
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
fn an_alias_of_the_convention_in_the_server_name_is_the_pod_of_the_annotation() {
    let alias = "orders.shop.svc.cluster.local";
    let entry = service_entry("db-0", "").replace(ALIAS, alias);
    let entry = with_annotation(&entry, "db-0.db.pxc.svc.cluster.local");
    let with_sni = |host: &str| {
        let sni = format!("tls: {{mode: ISTIO_MUTUAL, sni: outbound_.3306_._.{host}}}");
        load_files(&[&entry, &destination_rule(alias, &sni)], Capture::Vip)
    };
    let mesh = with_sni(ALIAS);
    assert_eq!(lines(&mesh, Severity::Warning), [""; 0]);
    let route = only_route(&mesh);
    assert_eq!(route.remote.as_str(), "db-0.db.pxc.svc.cluster.local");
    assert_eq!(route.sni, format!("outbound_.3306_._.{ALIAS}"));
    let mesh = with_sni("src-db-1.pxc.svc.cluster.local");
    assert!(lines(&mesh, Severity::Warning)[0].contains("EW917"));
}

/// What a rule with this `outlierDetection` means for the alias.
fn outlier_detection(body: &str) -> OutlierDetection {
    let rule = destination_rule(ALIAS, &format!("outlierDetection: {{{body}}}"));
    let mesh = load_files(&[&rule, &service_entry("db-0", "")], Capture::Vip);
    assert_eq!(lines(&mesh, Severity::Warning), [""; 0], "{body}");
    only_route(&mesh).outlier_detection.unwrap()
}

#[test]
fn what_an_outlier_detection_leaves_out_is_as_in_envoy() {
    let expected = OutlierDetection {
        consecutive_failures: NonZeroU32::new(5),
        interval: Duration::from_secs(10),
        base_ejection_time: Duration::from_secs(30),
        max_ejection_percent: NonZeroU8::new(10).unwrap(),
    };
    assert_eq!(outlier_detection(""), expected);
    let all =
        "consecutive5xxErrors: 7, interval: 1m, baseEjectionTime: 1.5s, maxEjectionPercent: 100";
    let expected = OutlierDetection {
        consecutive_failures: NonZeroU32::new(7),
        interval: Duration::from_secs(60),
        base_ejection_time: Duration::from_millis(1500),
        max_ejection_percent: NonZeroU8::new(100).unwrap(),
    };
    assert_eq!(outlier_detection(all), expected);
}

#[test]
fn a_failed_connection_counts_as_each_kind_of_error_that_it_is_in_envoy() {
    for (body, failures) in [
        ("consecutive5xxErrors: 3", 3),
        ("consecutiveGatewayErrors: 2", 2),
        ("consecutiveGatewayErrors: 9", 5),
        ("consecutive5xxErrors: 0, consecutiveGatewayErrors: 9", 9),
        ("consecutive5xxErrors: 0", 0),
        (
            "splitExternalLocalOriginErrors: true, consecutive5xxErrors: 1, \
             consecutiveLocalOriginFailures: 4",
            4,
        ),
        (
            "splitExternalLocalOriginErrors: true, consecutive5xxErrors: 1",
            5,
        ),
    ] {
        let found = outlier_detection(body).consecutive_failures;
        assert_eq!(found, NonZeroU32::new(failures), "{body}");
    }
}
