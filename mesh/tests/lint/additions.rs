//! Services that are missing in the cluster of the gateway.

use eastwest_mesh::Source;
use eastwest_mesh::lint::{Addition, Lint, Place, View, lint};

use super::{options, service_entry, source};

fn gateway(file: &str, hosts: &str) -> Source {
    let text = format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\n\
         metadata: {{name: g, namespace: istio-system}}\nspec:\n  servers:\n  \
         - port: {{number: 15443, name: tls, protocol: TLS}}\n    tls: {{mode: AUTO_PASSTHROUGH}}\n    \
         hosts: [{hosts}]\n"
    );
    source(file, &text)
}

fn found(clusters: &[Vec<Source>]) -> Vec<Lint> {
    lint(clusters, &options(View::Istio))
}

/// What is to be added, once.
fn additions(clusters: &[Vec<Source>]) -> Vec<Addition> {
    let found = found(clusters);
    let mut all: Vec<_> = found.iter().filter_map(Lint::addition).cloned().collect();
    all.dedup();
    all
}

fn client(text: &str) -> Vec<Source> {
    vec![source("b/entry.yaml", text)]
}

fn far() -> Vec<Source> {
    vec![gateway("a/gateway.yaml", "'*.pxc.svc.cluster.local'")]
}

#[test]
fn it_stands_beside_the_gateway_of_the_other_cluster() {
    let all = additions(&[client(&service_entry("db-0", "")), far()]);
    assert_eq!(all.len(), 1, "both findings ask for the same: {all:#?}");
    assert_eq!(&*all[0].gateway, "a/gateway.yaml");
    assert_eq!(all[0].place, Place::GatewaysCluster);
    assert_eq!(
        all[0].service.document(),
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: src-db-0\n  namespace: pxc\nspec:\n  \
         selector:\n    statefulset.kubernetes.io/pod-name: db-0\n  ports:\n  \
         - name: mysql\n    port: 3306\n    appProtocol: tcp\n"
    );
}

#[test]
fn a_gateway_of_the_clients_own_counts_where_there_is_no_other() {
    let own = gateway("b/gateway.yaml", "'*.local'");
    let mut near = client(&service_entry("db-0", ""));
    near.push(own);
    let all = additions(&[near.clone()]);
    assert_eq!(all[0].place, Place::BothClusters);
    assert_eq!(&*all[0].gateway, "b/gateway.yaml");
    let all = additions(&[near, far()]);
    assert_eq!(all[0].place, Place::GatewaysCluster);
    assert_eq!(&*all[0].gateway, "a/gateway.yaml");
}

#[test]
fn it_mends_both_findings_as_a_document_and_as_the_line_of_the_fix() {
    for (pod, namespace) in [("db-0", "pxc"), ("0-0", "on"), ("db-7", "123")] {
        let written = format!("namespace: \"{namespace}\"");
        let entry = service_entry(pod, "")
            .replace("namespace: pxc", &written)
            .replace(".pxc.", &format!(".{namespace}."));
        let gateway = vec![gateway("a/gateway.yaml", "'*'")];
        let clusters = [client(&entry), gateway.clone()];
        let before = found(&clusters);
        let fixes = before.iter().filter_map(|lint| lint.finding.fix.as_deref());
        let mut line =
            fixes.filter_map(|fix| fix.strip_prefix("in the cluster of the gateway, add {"));
        let line = format!("{{{}", line.next().unwrap());
        let document = additions(&clusters)[0].service.document();
        for text in [document, line] {
            let mut far = gateway.clone();
            far.push(source("a/pod-services.yaml", &text));
            let after = found(&[client(&entry), far]);
            let codes: Vec<_> = after.iter().map(|lint| lint.finding.code.id()).collect();
            assert_eq!(codes, ["EW104"], "{text}");
        }
    }
}

#[test]
fn all_tcp_ports_of_the_alias_are_in_it() {
    let entry = service_entry("db-0", "");
    let wide = entry.replace(
        "ports: [",
        "ports: [{number: 8080, name: web, protocol: HTTP}, {number: 53, name: dns, protocol: UDP}, \
         {number: 9000, name: raw}, ",
    );
    let all = additions(&[client(&wide), far()]);
    assert!(
        all[0].service.line().contains(
            "ports: [{name: web, port: 8080, appProtocol: http}, {name: raw, port: 9000}, \
             {name: mysql, port: 3306, appProtocol: tcp}]"
        ),
        "{}",
        all[0].service.line()
    );
    let second = entry
        .replace("name: src-db-0,", "name: more,")
        .replace("number: 3306, name: mysql", "number: 33060, name: mysqlx");
    let second = second.replace("{mysql:", "{mysqlx:");
    let both = [client(&format!("{entry}---\n{second}")), far()];
    let all = additions(&both);
    assert_eq!(all.len(), 1, "{all:#?}");
    assert!(all[0].service.line().contains("port: 33060"));
    let clash = second.replace("mysqlx", "mysql");
    assert_eq!(
        additions(&[client(&format!("{entry}---\n{clash}")), far()]),
        [],
        "two ports of a Service can't have one name"
    );
}

#[test]
fn nothing_is_added_where_there_is_more_than_one_answer() {
    let entry = service_entry("db-0", "");
    let rule = |sni: &str| {
        format!(
            "{entry}---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
             metadata: {{name: d, namespace: pxc}}\nspec: {{host: src-db-0.pxc.svc.cluster.local, \
             trafficPolicy: {{tls: {{mode: ISTIO_MUTUAL, sni: {sni}}}}}}}\n"
        )
    };
    let service = |name: &str, pod: &str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: pxc}}\nspec:\n  \
             selector: {{statefulset.kubernetes.io/pod-name: {pod}}}\n  ports: [{{port: 3306}}]\n"
        )
    };
    let with = |text: String| {
        let mut far = far();
        far.push(source("a/more.yaml", &text));
        far
    };
    let same = "outbound_.3306_._.src-db-0.pxc.svc.cluster.local";
    assert_eq!(additions(&[client(&rule(same)), far()]).len(), 1);
    let cases = [
        (
            "no name of the convention",
            entry.replace("src-db-0", "database"),
            far(),
        ),
        ("a subset", rule(&same.replace("_._.", "_.v1_.")), far()),
        ("another port", rule(&same.replace("3306", "3307")), far()),
        (
            "the pod's own name",
            rule("db-0.db.pxc.svc.cluster.local"),
            far(),
        ),
        (
            "nobody exports it",
            entry.clone(),
            vec![gateway("a/g.yaml", "'*.demo.svc.cluster.local'")],
        ),
        (
            "the pod has a Service",
            entry.clone(),
            with(service("db-0", "db-0")),
        ),
        (
            "the name is the client's",
            format!("{entry}{}", service("src-db-0", "db-0")),
            far(),
        ),
        (
            "a port without a number",
            entry.replace("number: 3306, ", ""),
            far(),
        ),
        (
            "a name that no Service has",
            entry.replace("src-db-0.", "src-d_b-0."),
            far(),
        ),
    ];
    for (why, near, far) in cases {
        assert_eq!(additions(&[client(&near), far]), [], "{why}");
    }
    let third = vec![gateway("c/gateway.yaml", "'*.local'")];
    assert_eq!(
        additions(&[client(&entry), far(), third]),
        [],
        "two other clusters export it"
    );
}
