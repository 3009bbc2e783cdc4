use eastwest_mesh::{Capture, Code, Options, Source};

use super::*;

const POD: &str = "db-0.db.pxc.svc.cluster.local";

/// Exports of these hosts, with a ServiceEntry that gives these ports for `POD`.
pub(crate) fn exports(hosts: &str, ports: &[(u16, u16)]) -> Exports {
    let mut text = format!(
        "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: exports, namespace: istio-system}}
spec:
  servers:
  - port: {{number: 15443, name: tls, protocol: TLS}}
    tls: {{mode: AUTO_PASSTHROUGH}}
    hosts: [{hosts}]
"
    );
    if !ports.is_empty() {
        text += &format!(
            "\
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: db-0, namespace: pxc}}
spec:
  hosts: [{POD}]
  location: MESH_INTERNAL
  resolution: DNS
  ports:
"
        );
    }
    for (number, target) in ports {
        text += &format!(
            "  - {{number: {number}, name: tcp-{number}, protocol: TCP, targetPort: {target}}}\n"
        );
    }
    let options = Options {
        cluster_domain: "cluster.local".parse().unwrap(),
        capture: Capture::Elsewhere,
    };
    let name = "gateway.yaml".to_owned();
    let mesh = eastwest_mesh::load(&[Source { name, text }], &options);
    // The pod is no alias, of which its ServiceEntry is noted.
    let mut findings = mesh.findings.iter();
    assert!(
        findings.all(|finding| finding.code == Code::Unmapped),
        "{:?}",
        mesh.findings
    );
    mesh.exports
}

fn route(key: &str, exports: &Exports) -> (String, u16, Listing) {
    let sni = format!("outbound_.{key}_.{POD}");
    let route = Route::of(&sni, exports).unwrap();
    (route.name, route.target.port.get(), route.listing)
}

fn named(port: u16) -> String {
    format!("outbound_.{port}_._.{POD}")
}

#[test]
fn ports_and_subsets_that_somebody_makes_up_are_one_route() {
    let exports = exports(POD, &[]);
    for key in ["3306_.", "1_.", "65535_.made-up"] {
        assert_eq!(
            route(key, &exports),
            (named(15444), 15444, Listing::Named),
            "{key}"
        );
    }
    let shouted = format!("OUTBOUND_.3306_._.{}", POD.to_uppercase());
    assert_eq!(Route::of(&shouted, &exports).unwrap().name, named(15444));
}

#[test]
fn a_port_that_the_files_know_is_a_route_and_another_of_that_host_is_made_up() {
    let exports = exports(POD, &[(3306, 3307), (4567, 4568)]);
    assert_eq!(
        route("3306_.v1", &exports),
        (named(3306), 3307, Listing::Named)
    );
    assert_eq!(
        route("4567_.", &exports),
        (named(4567), 4568, Listing::Named)
    );
    for key in ["1_.", "2_.made-up"] {
        assert_eq!(
            route(key, &exports),
            (named(15444), 15444, Listing::ByPattern),
            "{key}"
        );
    }
}

#[test]
fn a_port_that_is_made_up_is_not_counted_on_a_route_that_leads_elsewhere() {
    let exports = exports(POD, &[(15444, 3306)]);
    assert_eq!(
        route("15444_.", &exports),
        (named(15444), 3306, Listing::Named)
    );
    assert_eq!(
        route("1_.", &exports),
        (named(15445), 15444, Listing::ByPattern)
    );
}

#[test]
fn a_host_that_only_a_wildcard_allows_is_by_pattern_whatever_its_port() {
    let exports = exports("'*.db.pxc.svc.cluster.local'", &[(3306, 3306)]);
    for key in ["3306_.", "1_."] {
        assert_eq!(route(key, &exports).2, Listing::ByPattern, "{key}");
    }
}

#[test]
fn the_name_of_a_route_leads_where_the_route_does() {
    for ports in [&[][..], &[(3306, 3307)], &[(15444, 3306)]] {
        let exports = exports(POD, ports);
        for key in ["3306_.", "15444_.x", "1_."] {
            let (name, port, listing) = route(key, &exports);
            let again = Route::of(&name, &exports).unwrap();
            assert_eq!(
                (again.name, again.target.port.get(), again.listing),
                (name, port, listing)
            );
        }
    }
}
