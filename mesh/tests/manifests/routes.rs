//! What a ServiceEntry and its DestinationRule make of an alias.

use eastwest_mesh::{Capture, Severity};

use super::{
    ALIAS, destination_rule, errors, lines, load_files, load_text, only_route, service_entry,
    with_annotation,
};

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
    assert!(
        about.starts_with("a.yaml:8:25: warning[EW105]: "),
        "{about}"
    );
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

#[test]
fn the_second_definition_of_an_alias_and_port_is_left_out() {
    let one = service_entry("db-0", "");
    let two = one.replace("name: src-db-0", "name: again");
    let mesh = load_files(&[&one, &two], Capture::Vip);
    assert_eq!(only_route(&mesh).gateways[0].to_string(), "10.0.0.1:15443");
    let [error] = &errors(&mesh)[..] else {
        panic!("{:?}", errors(&mesh))
    };
    assert!(
        error.starts_with("b.yaml:6:20: error[EW108]: ") && error.contains("a.yaml:5:11"),
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
