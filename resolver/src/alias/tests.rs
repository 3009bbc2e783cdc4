use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const ALIAS: &str = "src-hello-0.demo.svc.cluster.local";

fn table(aliases: &[&str]) -> AliasTable {
    let address = IpAddr::from([240, 240, 0, 1]);
    AliasTable::new(
        aliases
            .iter()
            .map(|alias| (alias.parse().unwrap(), [address])),
    )
}

fn search(listed: &[&str]) -> SearchDomains {
    let cluster = "cluster.local".parse().unwrap();
    SearchDomains::new(cluster, listed.iter().map(|domain| domain.parse().unwrap()))
}

/// What a name means: `itself` for an alias, `+ALIAS` for a search form of one.
fn found(table: &AliasTable, search: &SearchDomains, name: &str) -> Option<String> {
    let name: Domain = name.parse().unwrap();
    table
        .find(name.as_bytes(), search)
        .map(|found| match found {
            Found::Exact(_) => "itself".to_owned(),
            Found::Searched(alias, _) => format!("+{alias}"),
        })
}

#[test]
fn an_alias_is_found_by_its_whole_name() {
    let found = found(
        &table(&[ALIAS]),
        &search(&[]),
        "SRC-hello-0.Demo.svc.cluster.local",
    );
    assert_eq!(found.as_deref(), Some("itself"));
}

#[test]
fn every_search_domain_of_a_pod_is_known() {
    for domain in [
        "demo.svc.cluster.local",
        "pxc.svc.cluster.local",
        "svc.cluster.local",
        "cluster.local",
    ] {
        let found = found(&table(&[ALIAS]), &search(&[]), &format!("{ALIAS}.{domain}"));
        assert_eq!(found, Some(format!("+{ALIAS}")), "{domain}");
    }
}

#[test]
fn a_listed_search_domain_is_known() {
    let name = format!("{ALIAS}.eu-west-1.compute.internal");
    let listed = search(&["EU-WEST-1.compute.internal."]);
    assert_eq!(
        found(&table(&[ALIAS]), &listed, &name),
        Some(format!("+{ALIAS}"))
    );
    assert_eq!(found(&table(&[ALIAS]), &search(&[]), &name), None);
}

#[test]
fn other_suffixes_are_no_search_domain() {
    for domain in [
        "example.com",
        "local",
        "a.b.svc.cluster.local",
        "demo.pod.cluster.local",
        "xcluster.local",
    ] {
        let found = found(&table(&[ALIAS]), &search(&[]), &format!("{ALIAS}.{domain}"));
        assert_eq!(found, None, "{domain}");
    }
}

#[test]
fn a_listed_root_domain_covers_nothing() {
    assert_eq!(
        found(&table(&["src-a-0.b"]), &search(&["."]), "src-a-0.b.c"),
        None
    );
}

#[test]
fn a_near_miss_is_not_an_alias() {
    let names = [
        "src-hello-1.demo.svc.cluster.local",
        "src-hello-0.demo2.svc.cluster.local",
        "src-hello-0.demo.svc.cluster.loca",
        "hello-0.demo.svc.cluster.local",
        "src-hello-0",
        "src-hello-0.demo",
        "demo.svc.cluster.local",
        ".",
    ];
    for name in names {
        assert_eq!(found(&table(&[ALIAS]), &search(&[]), name), None, "{name}");
    }
}

#[test]
fn a_name_below_an_alias_is_not_an_alias() {
    for name in [
        format!("www.{ALIAS}"),
        format!("www.{ALIAS}.demo.svc.cluster.local"),
    ] {
        assert_eq!(found(&table(&[ALIAS]), &search(&[]), &name), None, "{name}");
    }
}

#[test]
fn a_short_alias_does_not_hide_a_kubernetes_name() {
    let aliases = table(&["db.pxc", "db-0.db.pxc", "db"]);
    let search = search(&["pxc.svc.cluster.local"]);
    for name in [
        "db.pxc.svc.cluster.local",
        "db-0.db.pxc.svc.cluster.local",
        "db.pxc.pxc.svc.cluster.local",
    ] {
        assert_eq!(found(&aliases, &search, name), None, "{name}");
    }
    assert_eq!(
        found(&aliases, &search, "db-0.db.pxc.pxc.svc.cluster.local").as_deref(),
        Some("+db-0.db.pxc")
    );
}

#[test]
fn an_exact_alias_wins_over_a_search_form() {
    let longer = format!("{ALIAS}.demo.svc.cluster.local");
    let aliases = table(&[ALIAS, &longer]);
    assert_eq!(
        found(&aliases, &search(&[]), &longer),
        Some("itself".to_owned())
    );
}

#[test]
fn the_addresses_of_one_alias_given_twice_are_put_together() {
    let name: Domain = ALIAS.parse().unwrap();
    let (one, two) = (IpAddr::from([240, 240, 0, 1]), "fd00::1".parse().unwrap());
    let table = AliasTable::new([(name.clone(), vec![one, two]), (name.clone(), vec![one])]);
    let found: Vec<_> = table.iter().flat_map(|(_, addresses)| addresses).collect();
    assert_eq!(found, [one, two]);
}

#[test]
fn an_address_that_nobody_listens_on_is_no_answer() {
    let entry = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
        metadata: {name: x, namespace: demo}\n\
        spec: {hosts: [src-hello-0.demo.svc.cluster.local], resolution: STATIC, \
        addresses: [127.64.0.1, 127.64.0.2], ports: [{number: 8080, name: http, protocol: HTTP}], \
        endpoints: [{address: 10.0.0.1, ports: {http: 15443}}]}\n";
    let source = eastwest_mesh::Source {
        name: "a.yaml".into(),
        text: entry.into(),
    };
    let options = eastwest_mesh::Options {
        cluster_domain: "cluster.local".parse().unwrap(),
        capture: eastwest_mesh::Capture::Vip,
    };
    let mesh = eastwest_mesh::load(&[source], &options);
    let heard = |unheard: &[&str]| {
        let unheard = unheard
            .iter()
            .map(|at| (at.parse().unwrap(), "taken".to_owned()));
        AliasTable::heard(&mesh, &unheard.collect())
    };
    let addresses = |table: &AliasTable| -> Vec<String> {
        let all = table.iter().flat_map(|(_, addresses)| addresses);
        all.map(|address| address.to_string()).collect()
    };
    assert_eq!(addresses(&heard(&[])), ["127.64.0.1", "127.64.0.2"]);
    assert_eq!(addresses(&heard(&["127.64.0.1"])), ["127.64.0.2"]);
    let none = heard(&["127.64.0.1", "127.64.0.2"]);
    assert!(none.is_empty());
    let alias: Domain = ALIAS.parse().unwrap();
    assert_eq!(none.why_down(alias.as_bytes(), &search(&[])), Some("taken"));
}

#[test]
fn the_first_question_for_an_alias_is_told_once_and_no_other_name_is() {
    let heard = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&heard);
    let first_question = FirstQuestion::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let table = table(&[ALIAS]).with_first_question(Some(first_question));
    let search = search(&["demo.svc.cluster.local"]);
    let told = |name: &str| {
        let name: Domain = name.parse().unwrap();
        table.tell_first(name.as_bytes(), &search)
    };
    assert!(!told("kubernetes.default.svc.cluster.local"));
    assert_eq!(heard.load(Ordering::Relaxed), 0);
    assert!(
        told(&format!("{ALIAS}.demo.svc.cluster.local")),
        "a search form"
    );
    assert!(told(ALIAS));
    assert_eq!(heard.load(Ordering::Relaxed), 1);
}
