//! Which aliases a replica follows, and what is said of the others.

use serde_json::Value;

use super::{complained, entry, entry_of, objects, said, status, with_stdin};

const DOMAIN: &str = ".pxc.svc.cluster.local";

fn pod(name: &str) -> String {
    entry(&format!("src-{name}{DOMAIN}"))
}

/// The alias of another pod than the one that it is called by.
fn pod_of(name: &str, remote: &str) -> String {
    entry_of(&format!("src-{name}{DOMAIN}"), remote)
}

/// The channels of a mode, as `NAME: POD=WEIGHT POD=WEIGHT`.
fn channels(texts: &[String], mode: &str) -> Vec<String> {
    let args = ["render", mode, "-f", "-", "--snippet"];
    let output = with_stdin(&args, &texts.join("---\n"));
    assert_eq!(status(&output), 0, "{}", complained(&output));
    assert_eq!(complained(&output), "");
    let told = said(&output)
        .replace("\n# ", " ")
        .contains("OF SEVERAL DATABASES");
    let channels = &objects(&output)[0]["spec"]["pxc"]["replicationChannels"];
    let channels = channels.as_array().unwrap();
    assert_eq!(told, channels.len() > 1, "{}", said(&output));
    channels.iter().map(shown).collect()
}

fn shown(channel: &Value) -> String {
    assert_eq!(channel["isSource"], false);
    let sources = channel["sourcesList"].as_array().unwrap().iter();
    let sources = sources.map(|source| {
        let host = source["host"].as_str().unwrap();
        let pod = host.strip_prefix("src-").unwrap();
        let pod = pod.strip_suffix(DOMAIN).unwrap();
        format!(" {pod}={}", source["weight"])
    });
    let name = channel["name"].as_str().unwrap();
    format!("{name}:{}", sources.collect::<String>())
}

#[test]
fn each_stateful_set_has_a_channel_of_its_own() {
    let pods = ["db-pxc-0", "orders-pxc-0", "db-pxc-1", "orders-pxc-1"].map(pod);
    for mode in ["port", "redirect"] {
        assert_eq!(
            channels(&pods, mode),
            [
                "db_pxc: db-pxc-0=100 db-pxc-1=90",
                "orders_pxc: orders-pxc-0=100 orders-pxc-1=90",
            ]
        );
    }
}

/// The same name in another namespace, or in another cluster, is another database.
#[test]
fn a_namespace_or_gateways_tell_databases_of_one_name_apart() {
    let other_cluster = pod_of("c-0", "db-0.db.pxc.svc.cluster.local");
    let pods = [
        pod("db-0"),
        pod_of("s-0", "db-0.db.shop.svc.cluster.local"),
        other_cluster.replace("10.0.0.1", "10.0.0.2"),
        pod("db-1"),
    ];
    assert_eq!(
        channels(&pods, "port"),
        ["db: db-0=100 db-1=90", "db_2: s-0=100", "db_3: c-0=100"]
    );
}

/// Two Services that are no pods are two databases, though the rest of their hosts is one.
#[test]
fn hosts_that_are_no_pods_are_each_for_themselves() {
    let pods = ["one", "two"].map(|name| pod_of(name, &format!("{name}{DOMAIN}")));
    assert_eq!(channels(&pods, "port"), ["one: one=100", "two: two=100"]);
}

#[test]
fn every_pod_is_a_source_however_many_there_are() {
    let pods: Vec<_> = (0..12).map(|pod| self::pod(&format!("db-{pod}"))).collect();
    let weights = (0..12).map(|pod| format!(" db-{pod}={}", 100 - 8 * pod));
    let all = format!("a_to_b:{}", weights.collect::<String>());
    assert_eq!(channels(&pods, "redirect"), [all]);
}

#[test]
fn an_alias_at_another_port_than_mysqls_is_named() {
    let other = pod("db-1").replace("number: 3306", "number: 3307");
    let text = [pod("db-0"), other].join("---\n");
    for (mode, port) in [("port", 13307), ("redirect", 3307)] {
        let output = with_stdin(&["render", mode, "-f", "-", "--snippet"], &text);
        assert_eq!(status(&output), 1, "{}", complained(&output));
        let told = format!(
            "src-db-1{DOMAIN} is in no sourcesList, because its port there is 3307 and not 3306; if it is \
             a database, add it, with port {port}"
        );
        assert!(
            complained(&output).contains(&told),
            "{}",
            complained(&output)
        );
        let channels = &objects(&output)[0]["spec"]["pxc"]["replicationChannels"];
        assert_eq!(shown(&channels[0]), "a_to_b: db-0=100");
    }
    // Nothing is said where nobody follows, nor of another port of a database.
    let two = pod("db-0").replace(
        "ports: [{number: 3306, name: mysql, protocol: TCP}]",
        "ports: [{number: 3306, name: mysql, protocol: TCP}, {number: 9104, name: metrics, protocol: TCP}]",
    );
    let two = two.replace("{mysql: 15443}", "{mysql: 15443, metrics: 15443}");
    for (args, text) in [
        (&["redirect", "--for", "pod"][..], &text),
        (&["port"], &two),
    ] {
        let args = [&["render"], args, &["-f", "-"]].concat();
        let output = with_stdin(&args, text);
        assert_eq!(status(&output), 0, "{}", complained(&output));
    }
}
