//! What Gateways, and the ServiceEntries of a gateway's own cluster, let through and where to.

use std::num::NonZeroU16;

use eastwest_mesh::{Capture, Dialect, Exports, Mesh, Refusal, Severity};

use super::{errors, lines, load_files, load_text, service_entry};

fn gateway(mode: &str, hosts: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\n\
         metadata: {{name: g, namespace: istio-system}}\nspec:\n  servers:\n\
         \x20 - port: {{number: 15443, name: tls, protocol: TLS}}\n\
         \x20   tls: {{mode: {mode}}}\n    hosts: {hosts}\n"
    )
}

fn istio(hosts: &str) -> Mesh {
    load_text(&gateway("AUTO_PASSTHROUGH", hosts))
}

const POD: &str = "db-0.db.pxc.svc.cluster.local";
const ALIAS: &str = "src-db-0.pxc.svc.cluster.local";

/// What is dialled for a host and port, or nothing.
fn dialled(exports: &Exports, dialect: Dialect, host: &str, port: u16) -> Option<String> {
    let target = exports.target(dialect, host, NonZeroU16::new(port)).ok()?;
    Some(format!("{}:{}", target.host, target.port))
}

#[test]
fn nothing_is_exported_without_a_gateway() {
    let mesh = load_text(&service_entry("db-0", ""));
    assert!(mesh.exports.is_empty());
    assert_eq!(dialled(&mesh.exports, Dialect::Istio, POD, 3306), None);
}

#[test]
fn exact_names_suffixes_and_everything_are_matched() {
    for (hosts, allows) in [
        ("[db-0.db.pxc.svc.cluster.local]", true),
        ("[DB-0.db.pxc.svc.cluster.local.]", true),
        ("['*.pxc.svc.cluster.local']", true),
        ("['*.db.pxc.svc.cluster.local']", true),
        ("['*.local']", true),
        ("['*']", true),
        ("[pxc/db-0.db.pxc.svc.cluster.local]", true),
        ("['./*.pxc.svc.cluster.local']", true),
        ("['*/*']", true),
        ("[db-1.db.pxc.svc.cluster.local]", false),
        ("['*.xc.svc.cluster.local']", false),
        ("['*.db-0.db.pxc.svc.cluster.local']", false),
        ("['*.cluster.locale']", false),
    ] {
        let mesh = istio(hosts);
        assert_eq!(errors(&mesh), [""; 0], "{hosts}");
        let found = dialled(&mesh.exports, Dialect::Istio, POD, 3306);
        assert_eq!(found.is_some(), allows, "{hosts}");
    }
}

#[test]
fn an_alias_in_hosts_stands_for_its_pod() {
    let mesh = istio(&format!("[{ALIAS}]"));
    for asked in [ALIAS, POD] {
        let found = dialled(&mesh.exports, Dialect::Istio, asked, 3306);
        assert_eq!(
            found.as_deref(),
            Some("db-0.db.pxc.svc.cluster.local:15444")
        );
    }
}

#[test]
fn an_alias_is_checked_as_the_pod_that_it_leads_to() {
    let entry = service_entry("db-0", "").replace(
        "namespace: pxc",
        "namespace: pxc, annotations: {eastwest.dev/remote-host: x-0.x.secret.svc.cluster.local}",
    );
    let narrow = gateway("AUTO_PASSTHROUGH", "['*.pxc.svc.cluster.local']");
    let mesh = load_files(&[&entry, &narrow], Capture::Vip);
    assert_eq!(dialled(&mesh.exports, Dialect::Istio, ALIAS, 3306), None);
    let wide = gateway("AUTO_PASSTHROUGH", "['*.secret.svc.cluster.local']");
    let mesh = load_files(&[&entry, &wide], Capture::Vip);
    let found = dialled(&mesh.exports, Dialect::Istio, ALIAS, 3306);
    assert_eq!(
        found.as_deref(),
        Some("x-0.x.secret.svc.cluster.local:15444")
    );
}

#[test]
fn an_annotated_alias_without_endpoints_maps_on_the_gateways_side() {
    let entry = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata:\n  name: x\n  \
                 annotations:\n    eastwest.dev/remote-host: db-0.db.pxc.svc.cluster.local\n\
                 spec:\n  hosts: [main-db.example.com]\n";
    let mesh = load_files(
        &[entry, &gateway("AUTO_PASSTHROUGH", "['*.local']")],
        Capture::Vip,
    );
    assert_eq!(errors(&mesh), [""; 0]);
    let found = dialled(&mesh.exports, Dialect::Istio, "main-db.example.com", 3306);
    assert_eq!(
        found.as_deref(),
        Some("db-0.db.pxc.svc.cluster.local:15444")
    );
}

#[test]
fn a_destination_rules_server_name_maps_on_the_gateways_side() {
    let rule = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: x}\n\
                spec:\n  host: main-db.example.com\n  trafficPolicy:\n    \
                tls: {mode: ISTIO_MUTUAL, sni: outbound_.3306_._.db-0.db.pxc.svc.cluster.local}\n";
    let mesh = load_files(
        &[rule, &gateway("AUTO_PASSTHROUGH", "['*.local']")],
        Capture::Vip,
    );
    let found = dialled(&mesh.exports, Dialect::Istio, "main-db.example.com", 3306);
    assert_eq!(
        found.as_deref(),
        Some("db-0.db.pxc.svc.cluster.local:15444")
    );
}

#[test]
fn a_service_entry_about_the_pods_own_name_gives_the_port_to_dial() {
    let entry = format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {{name: x}}\nspec:\n  \
         hosts: [{POD}]\n  resolution: DNS\n  ports:\n  \
         - {{number: 3306, name: mysql, targetPort: 3307}}\n  \
         - {{number: 33060, name: mysqlx}}\n  \
         - {{number: 4444, name: sst, targetPort: 4445}}\n  \
         endpoints: [{{address: {POD}, ports: {{sst: 4446}}}}]\n"
    );
    let both = [entry.as_str(), &gateway("AUTO_PASSTHROUGH", "['*.local']")];
    let mesh = load_files(&both, Capture::Vip);
    assert_eq!(errors(&mesh), [""; 0]);
    for (asked, port) in [(3306, 3307), (33060, 33060), (4444, 4446), (1, 15444)] {
        let found = dialled(&mesh.exports, Dialect::Istio, ALIAS, asked);
        assert_eq!(found, Some(format!("{POD}:{port}")), "{asked}");
    }
}

#[test]
fn a_faulty_service_entry_about_the_pod_gives_no_port() {
    let entry = format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {{name: x}}\nspec:\n  \
         hosts: [{POD}]\n  ports: [{{number: 3306, name: a}}]\n  typo: 1\n"
    );
    let wide = gateway("AUTO_PASSTHROUGH", "['*.local']");
    let mesh = load_files(&[&entry, &wide], Capture::Vip);
    assert_eq!(errors(&mesh).len(), 1);
    let found = dialled(&mesh.exports, Dialect::Istio, POD, 3306);
    assert_eq!(found, Some(format!("{POD}:15444")));
}

#[test]
fn the_gateways_of_a_route_are_no_port_of_the_pod_even_under_the_pods_own_name() {
    let own_name = service_entry("db-0", "").replace(ALIAS, POD).replace(
        "namespace: pxc",
        &format!("namespace: pxc, annotations: {{eastwest.dev/remote-host: {POD}}}"),
    );
    let wide = gateway("AUTO_PASSTHROUGH", "['*.local']");
    let mesh = load_files(&[&own_name, &wide], Capture::Vip);
    assert_eq!(mesh.routes.len(), 1);
    let found = dialled(&mesh.exports, Dialect::Istio, POD, 3306);
    assert_eq!(found, Some(format!("{POD}:15444")));
}

#[test]
fn a_plain_name_is_dialled_at_the_only_port_that_is_given_for_it() {
    let entry = |ports: &str| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {{name: x}}\n\
             spec:\n  hosts: [{POD}]\n  resolution: DNS\n  ports: [{ports}]\n"
        )
    };
    let plain = gateway("PASSTHROUGH", "['*.local']");
    let port = |ports: &str| {
        let mesh = load_files(&[&entry(ports), &plain], Capture::Vip);
        mesh.exports
            .target(Dialect::Plain, POD, None)
            .unwrap()
            .port
            .get()
    };
    assert_eq!(port("{number: 3306, name: a}"), 3306);
    assert_eq!(
        port("{number: 3306, name: a}, {number: 80, name: b}"),
        15444
    );
}

#[test]
fn each_dialect_has_its_own_servers_and_the_other_is_told_so() {
    for (mode, right, wrong) in [
        ("AUTO_PASSTHROUGH", Dialect::Istio, Dialect::Plain),
        ("PASSTHROUGH", Dialect::Plain, Dialect::Istio),
    ] {
        let mesh = load_text(&gateway(mode, "['*.pxc.svc.cluster.local']"));
        assert!(mesh.exports.target(right, POD, None).is_ok());
        let refusal = mesh.exports.target(wrong, POD, None).unwrap_err();
        assert!(matches!(refusal, Refusal::WrongDialect { .. }), "{refusal}");
        assert!(refusal.to_string().contains("a.yaml:8:13"), "{refusal}");
    }
}

#[test]
fn names_outside_the_clusters_services_are_never_dialled() {
    let mesh = istio("['*']");
    for outside in [
        "www.example.com",
        "db.pxc.svc.other.local",
        "cluster.local",
        "svc.cluster.local",
        "pxc.svc.cluster.local",
        "10-0-0-1.default.pod.cluster.local",
    ] {
        let refusal = mesh
            .exports
            .target(Dialect::Istio, outside, None)
            .unwrap_err();
        assert!(
            matches!(refusal, Refusal::OutsideClusterDomain { .. }),
            "{outside}: {refusal}"
        );
    }
}

#[test]
fn a_name_that_is_none_is_refused_and_shown_without_its_control_characters() {
    let mesh = istio("['*']");
    for name in [
        "",
        "a\nb",
        "outbound|3306||db",
        "10.0.0.1",
        &"x".repeat(70_000),
    ] {
        let refusal = mesh.exports.target(Dialect::Istio, name, None).unwrap_err();
        assert!(matches!(refusal, Refusal::InvalidName { .. }), "{refusal}");
        let text = refusal.to_string();
        assert!(text.len() < 300 && !text.contains('\n'), "{text}");
    }
}

#[test]
fn servers_of_another_kind_are_a_note_and_a_fault_in_a_gateway_leaves_the_others() {
    let other = gateway("SIMPLE", "['*.pxc.svc.cluster.local']");
    let mesh = load_text(&other);
    assert!(mesh.exports.is_empty());
    assert_eq!(errors(&mesh), [""; 0]);
    assert!(lines(&mesh, Severity::Note)[0].contains("spec.servers[0] is passed over"));
    let slip = load_text(
        &gateway("PASSTHROUGH", "['*.pxc.svc.cluster.local']")
            .replace("protocol: TLS", "protocol: TSL"),
    );
    assert!(lines(&slip, Severity::Warning)[0].ends_with("fix: write protocol: TLS"));
    let broken = gateway("AUTO_PASSTHROUGH", "['*.demo.svc.cluster.local', 'a*b']");
    let good =
        gateway("AUTO_PASSTHROUGH", "['*.pxc.svc.cluster.local']").replace("name: g", "name: h");
    let mesh = load_files(&[&broken, &good], Capture::Vip);
    assert!(mesh.exports.target(Dialect::Istio, POD, None).is_ok());
    assert!(
        mesh.exports
            .target(Dialect::Istio, "a.demo.svc.cluster.local", None)
            .is_err()
    );
}

#[test]
fn exporting_everything_is_a_warning_and_less_is_not() {
    for (hosts, warned) in [
        ("['*']", true),
        ("['*.local']", true),
        ("['*.cluster.local']", true),
        ("['*.svc.cluster.local']", true),
        ("['*.pxc.svc.cluster.local']", false),
        ("['*.example.com']", false),
    ] {
        let warnings = lines(&istio(hosts), Severity::Warning);
        assert_eq!(
            warnings.iter().any(|w| w.contains("exports every service")),
            warned,
            "{hosts}"
        );
    }
}
