//! Every fault is named where it stands, to the column, and takes down its own object alone.

use super::{errors, load_files, load_text, service_entry};
use eastwest_mesh::Capture;

/// A fault, where it must be found, and a piece of what must be said.
struct Fault {
    yaml: &'static str,
    place: &'static str,
    says: &'static str,
}

const fn fault(yaml: &'static str, place: &'static str, says: &'static str) -> Fault {
    Fault { yaml, place, says }
}

/// Lines of spec after those of `service_entry`, which has 8 lines.
const IN_A_SERVICE_ENTRY: [Fault; 17] = [
    fault(
        "adresses: [127.0.0.9]",
        "a.yaml:9:3",
        "fix: write addresses",
    ),
    fault(
        "workloadSelector: {labels: {a: b}}",
        "a.yaml:9:3",
        "spec.workloadSelector is not supported",
    ),
    fault(
        "addresses: [10.0.0.0/24]",
        "a.yaml:9:15",
        "is a range of addresses",
    ),
    fault(
        "addresses:\n- 127.0.0.9\n- nonsense",
        "a.yaml:11:5",
        "spec.addresses[1] \"nonsense\" is no IP",
    ),
    fault(
        "addresses: ['::ffff:127.0.0.1']",
        "a.yaml:9:15",
        "is localhost",
    ),
    fault(
        "addresses: [0.0.0.0]",
        "a.yaml:9:15",
        "no address of a single host",
    ),
    fault(
        "addresses: 127.0.0.9",
        "a.yaml:9:14",
        "spec.addresses must be a list",
    ),
    fault(
        "subjectAltNames: [db.example.com]",
        "a.yaml:9:21",
        "must begin with spiffe://",
    ),
    fault("subjectAltNames: [1]", "a.yaml:9:21", "put it in quotes"),
    fault(
        "location: INSIDE",
        "a.yaml:9:13",
        "MESH_EXTERNAL or MESH_INTERNAL",
    ),
    fault(
        "exportTo: [.]\nsubjectAltName: [x]",
        "a.yaml:10:3",
        "fix: write subjectAltNames",
    ),
    fault("ttl: 5", "a.yaml:9:3", "fix: take it out"),
    fault("? ttl\n: 5", "a.yaml:9:5", "spec.ttl is no field"),
    fault("\"location\": 5", "a.yaml:9:15", "not the number 5"),
    fault(
        "addresses: [fe80::1%eth0]",
        "a.yaml:9:15",
        "is no IP address",
    ),
    fault("é: 1", "a.yaml:9:3", "spec.é is no field"),
    fault("subjectAltNames: {a: b}", "a.yaml:9:20", "not a mapping"),
];

fn check(text: &str, fault: &Fault) {
    let mesh = load_text(text);
    let errors = errors(&mesh);
    let [error] = errors.as_slice() else {
        panic!("{}: one error, not {errors:#?}", fault.yaml);
    };
    assert!(
        error.starts_with(&format!("{}: error[", fault.place)),
        "{}: {error}",
        fault.yaml
    );
    assert!(error.contains(fault.says), "{}: {error}", fault.yaml);
}

#[test]
fn faults_in_a_service_entry_have_their_place_and_take_the_alias_down() {
    for fault in &IN_A_SERVICE_ENTRY {
        let text = service_entry("db-0", fault.yaml);
        check(&text, fault);
        let mesh = load_text(&text);
        assert_eq!(mesh.routes, [], "{}", fault.yaml);
        let [down] = mesh.down.as_slice() else {
            panic!("{}: {:?}", fault.yaml, mesh.down)
        };
        assert_eq!(down.origin.to_string(), fault.place);
    }
}

#[test]
fn faults_in_ports_and_endpoints_have_their_place() {
    let entry = service_entry("db-0", "");
    for (from, to, place, says) in [
        (
            "number: 3306",
            "number: 0",
            "a.yaml:6:20",
            "a port from 1 to 65535, not the number 0",
        ),
        (
            "number: 3306",
            "number: 65536",
            "a.yaml:6:20",
            "not the number 65536",
        ),
        (
            "number: 3306",
            "number: '3306'",
            "a.yaml:6:20",
            "without quotes",
        ),
        (
            "protocol: TCP",
            "protocol: TPC",
            "a.yaml:6:49",
            "spec.ports[0].protocol",
        ),
        (
            "protocol: TCP",
            "proto: TCP",
            "a.yaml:6:39",
            "spec.ports[0].proto is no field",
        ),
        ("STATIC", "STATICC", "a.yaml:7:15", "STATIC, DNS"),
        (
            "address: 10.0.0.1",
            "address: unix:///run/x",
            "a.yaml:8:25",
            "is a Unix socket",
        ),
        (
            "address: 10.0.0.1",
            "address: 10.0.0",
            "a.yaml:8:25",
            "neither an IP address nor a DNS name",
        ),
        (
            "address: 10.0.0.1",
            "network: two",
            "a.yaml:8:15",
            "spec.endpoints[0] needs an address",
        ),
        (
            "{mysql: 15443}",
            "{mysq: 15443}",
            "a.yaml:8:43",
            "its ports are named mysql",
        ),
        (
            "serviceAccount: db",
            "serviceAccount: pxc/db",
            "a.yaml:8:74",
            "the account's name alone",
        ),
        (
            "serviceAccount: db",
            "weight: -1",
            "a.yaml:8:66",
            "a whole number",
        ),
        (
            "[src-db-0.pxc.svc.cluster.local]",
            "[src db]",
            "a.yaml:5:11",
            "no DNS name",
        ),
        (
            "[src-db-0.pxc.svc.cluster.local]",
            "['*.pxc.svc.cluster.local']",
            "a.yaml:5:11",
            "is a wildcard",
        ),
        (
            "networking.istio.io/v1",
            "networking.istio.io/v2",
            "a.yaml:1:1",
            "write networking.istio.io/v1",
        ),
        (
            "networking.istio.io/v1",
            "v1",
            "a.yaml:1:1",
            "has no kind ServiceEntry",
        ),
        (
            "name: src-db-0,",
            "",
            "a.yaml:1:1",
            "metadata.name is missing",
        ),
        (
            "namespace: pxc",
            "namespace: 7",
            "a.yaml:3:39",
            "metadata.namespace must be a text",
        ),
        (
            "namespace: pxc",
            "annotations: {eastwest.dev/remotehost: x}",
            "a.yaml:3:42",
            "write eastwest.dev/remote-host",
        ),
        (
            "namespace: pxc",
            "annotations: {eastwest.dev/max-rate: x}",
            "a.yaml:3:42",
            "not supported yet",
        ),
    ] {
        let text = entry.replacen(from, to, 1);
        assert_ne!(text, entry, "{from}");
        let fault = Fault {
            yaml: to,
            place,
            says,
        };
        check(&text, &fault);
        assert_eq!(load_text(&text).routes, [], "{to}");
    }
}

#[test]
fn faults_in_other_kinds_have_their_place() {
    for fault in [
        fault(
            "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec:\n  servers:\n  - port: {number: 15443, name: tls, protocol: TLS}\n    tls: {mode: AUTO_PASSTHROUGHS}\n    hosts: ['*.local']\n",
            "a.yaml:7:17",
            "AUTO_PASSTHROUGH, PASSTHROUGH",
        ),
        fault(
            "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec:\n  servers:\n  - port: {number: 15443, name: tls, protocol: TLS}\n    tls: {mode: PASSTHROUGH}\n    hosts: [a.b, 'x*.local']\n    bind: 127.0.0.1\n",
            "a.yaml:8:18",
            "write NAME, *.SUFFIX or *",
        ),
        fault(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p}\nspec:\n  rules:\n  - from:\n    - source:\n        ipBlocks: [10.0.0.0/8]\n",
            "a.yaml:8:9",
            "source.ipBlocks is not supported",
        ),
        fault(
            "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: d}\nspec:\n  host: src-db-0.pxc.svc.cluster.local\n  trafficPolicy:\n    tls: {mode: ISTIO_MUTUAL, sni: a_.b|c}\n",
            "a.yaml:7:36",
            "can't be sent",
        ),
        fault(
            "just a text",
            "a.yaml:1:1",
            "a Kubernetes object must be here, not the text",
        ),
        fault("kind: Pod", "a.yaml:1:1", "apiVersion and kind"),
    ] {
        let alias = service_entry("db-0", "");
        let mesh = load_files(&[fault.yaml, &alias], Capture::Vip);
        let errors = errors(&mesh);
        let found = errors.iter().find(|error| error.starts_with(fault.place));
        let found = found.unwrap_or_else(|| panic!("{}: {errors:#?}", fault.place));
        assert!(found.contains(fault.says), "{found}");
    }
}
