use crate::{Capture, Options, Route, Source, load};

const ENTRY: &str = "\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: src-db-0, namespace: pxc}
spec:
  hosts:
  - src-db-0.pxc.svc.cluster.local
  addresses: [240.240.9.1]
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
  - {number: 3306, name: mysql, protocol: TCP}
  endpoints:
  - {address: 203.0.113.10, ports: {mysql: 15443}}
  - {address: 203.0.113.11, ports: {mysql: 15444}}
";
const RULE: &str = "\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: src-db-0, namespace: pxc}
spec:
  host: src-db-0.pxc.svc.cluster.local
  trafficPolicy:
    tls:
      mode: ISTIO_MUTUAL
      sni: outbound_.3306_._.db-0.db.pxc.svc.cluster.local
      subjectAltNames: ['spiffe://cluster.local/ns/pxc/sa/db']
    connectionPool: {tcp: {maxConnections: 7, connectTimeout: 2s}}
    outlierDetection: {consecutive5xxErrors: 3}
";

fn routes(texts: &[(&str, &str)]) -> Vec<Route> {
    let sources: Vec<_> = texts
        .iter()
        .map(|(name, text)| Source {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
        })
        .collect();
    let options = Options {
        cluster_domain: "cluster.local".parse().unwrap(),
        capture: Capture::Redirect,
    };
    let mesh = load(&sources, &options);
    assert_eq!(mesh.routes.len(), 1, "{:#?}", mesh.findings);
    mesh.routes
}

fn explained(texts: &[(&str, &str)]) -> Vec<String> {
    routes(texts)[0].explained("example.org")
}

#[test]
fn a_server_name_is_unusual_where_a_rule_sets_another_than_the_name_says() {
    let unusual = |entry: &str, rule: &str| {
        let routes = routes(&[("e.yaml", entry), ("r.yaml", rule)]);
        let found = routes[0].unusual_server_name(&"cluster.local".parse().unwrap());
        found.map(|(at, usual)| (at.to_string(), usual))
    };
    let usual = "outbound_.3306_._.db-0.db.pxc.svc.cluster.local";
    assert_eq!(unusual(ENTRY, RULE), None);
    let at = "r.yaml:9:12".to_owned();
    for other in [
        "outbound_.3307_._.db-0.db.pxc.svc.cluster.local",
        "outbound_.3306_._.db-0.other.pxc.svc.cluster.local",
        "db-0.db.pxc.svc.cluster.local",
    ] {
        let rule = RULE.replace(usual, other);
        assert_eq!(unusual(ENTRY, &rule), Some((at.clone(), usual.to_owned())));
    }
    // Whom the annotation names counts, and of another name nothing is usual.
    let annotated = ENTRY.replace(
        "namespace: pxc}",
        "namespace: pxc, annotations: {eastwest.dev/remote-host: db-0.mine.pxc.svc.cluster.local}}",
    );
    let mine = usual.replace(".db.pxc", ".mine.pxc");
    assert_eq!(unusual(&annotated, RULE), Some((at, mine)));
    let [entry, rule] = [ENTRY, RULE].map(|text| text.replace("src-db-0.pxc", "primary.pxc"));
    assert_eq!(unusual(&entry, &rule), None);
}

#[test]
fn each_line_that_made_a_route_is_named() {
    assert_eq!(
        explained(&[("e.yaml", ENTRY), ("r.yaml", RULE)]),
        [
            "the alias src-db-0.pxc.svc.cluster.local is a host of the ServiceEntry at e.yaml:6:5, and 3306 one of \
             its ports at e.yaml:11:14",
            "it stands for db-0.db.pxc.svc.cluster.local, by tls.sni of the DestinationRule at r.yaml:9:12",
            "the gateway 203.0.113.10 is dialled at port 15443, by the endpoint at e.yaml:13:15",
            "the gateway 203.0.113.11 is dialled at port 15444, by the endpoint at e.yaml:14:15",
            "the server name outbound_.3306_._.db-0.db.pxc.svc.cluster.local is that of the DestinationRule at \
             r.yaml:9:12",
            "the far end must be spiffe://cluster.local/ns/pxc/sa/db, by the DestinationRule at r.yaml:10:25",
            "at most 7 connections are open at once, by the DestinationRule at r.yaml:1:1",
            "a gateway has 2s to be connected to, by the DestinationRule at r.yaml:1:1",
            "when a gateway that fails is tried last is said by the DestinationRule at r.yaml:1:1",
            "apps find it at 240.240.9.1, as is written at e.yaml:7:15",
        ]
    );
}

#[test]
fn what_follows_from_the_name_is_said_to() {
    let bare = ENTRY
        .replace("src-db-0.pxc", "src-db-pxc-0.pxc")
        .replace("  addresses: [240.240.9.1]\n", "");
    let told = explained(&[("e.yaml", &bare)]);
    let said = |part: &str| told.iter().any(|sentence| sentence.contains(part));
    for part in [
        "it stands for db-pxc-0.db-pxc.pxc.svc.cluster.local, by the form of its name",
        " is made of the pod's name and the port",
        "the far end must be spiffe://example.org/ns/pxc/sa/*: nothing says who",
        "which follows from its name",
    ] {
        assert!(said(part), "{part} in {told:#?}");
    }
}
