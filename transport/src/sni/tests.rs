use proptest::prelude::*;

use super::{IstioSni, Sni, SniError};

fn istio(name: &str) -> IstioSni {
    match name.parse() {
        Ok(Sni::Istio(sni)) => sni,
        other => panic!("{name} was read as {other:?}"),
    }
}

fn refusal(name: &str) -> SniError {
    name.parse::<Sni>().expect_err(name)
}

fn fault(name: &str) -> &'static str {
    match refusal(name) {
        SniError::NotIstio { fault, .. } => fault,
        other => panic!("{name} was refused as {other:?}"),
    }
}

#[test]
fn the_name_a_sidecar_sends_has_a_port_and_a_host() {
    let sni = istio("outbound_.3306_._.db-pxc-0.db-pxc.pxc.svc.cluster.local");
    assert_eq!(sni.port.get(), 3306);
    assert_eq!(sni.subset, None);
    assert_eq!(sni.host, "db-pxc-0.db-pxc.pxc.svc.cluster.local");
}

#[test]
fn a_subset_stands_between_port_and_host() {
    let sni = istio("outbound_.8080_.v1_.hello.demo.svc.cluster.local");
    assert_eq!(sni.subset.as_deref(), Some("v1"));
    assert_eq!(sni.host, "hello.demo.svc.cluster.local");
}

#[test]
fn any_other_dns_name_is_plain() {
    for name in [
        "db-pxc-0.db-pxc.pxc.svc.cluster.local",
        "localhost",
        "outbound_x.a_.b",
        "_tcp.a",
    ] {
        assert_eq!(name.parse(), Ok(Sni::Plain(name.to_owned())), "{name}");
    }
}

#[test]
fn case_and_one_trailing_dot_do_not_count() {
    assert_eq!(
        "Hello.Demo.".parse(),
        Ok(Sni::Plain("hello.demo".to_owned()))
    );
    assert_eq!(
        "OUTBOUND_.80_._.Hello.Demo.".parse(),
        "outbound_.80_._.hello.demo".parse::<Sni>()
    );
}

#[test]
fn the_inbound_side_of_a_sidecar_is_refused() {
    let name = "inbound_.8080_._.hello.demo.svc.cluster.local";
    assert_eq!(refusal(name), SniError::Inbound(name.to_owned()));
}

#[test]
fn a_cluster_name_is_refused_as_one() {
    for name in [
        "outbound|3306||hello.demo.svc.cluster.local",
        "inbound|80||",
        "outbound|80|v1|a",
    ] {
        assert_eq!(refusal(name), SniError::ClusterName(name.to_owned()));
        assert_eq!(
            refusal(&name.to_uppercase()),
            SniError::ClusterName(name.to_owned())
        );
    }
}

#[test]
fn a_missing_part_is_named() {
    assert_eq!(fault("outbound_.3306_"), "has no _. after the port");
    assert_eq!(
        fault("outbound_.3306_.hello.demo"),
        "has no _. after the subset"
    );
    assert_eq!(fault("outbound_.3306_._"), "has no _. after the subset");
}

#[test]
fn a_separator_in_the_host_is_refused_as_istio_does() {
    assert_eq!(fault("outbound_.80_._.a_.b"), "its host has a _. in it");
    assert_eq!(fault("outbound_.80_._._.b"), "its host has a _. in it");
}

#[test]
fn a_port_that_is_none_is_refused() {
    for port in ["0", "65536", "http", "080", "8-0", "99999999999999999999"] {
        let name = format!("outbound_.{port}_._.hello.demo");
        assert!(fault(&name).contains("1 to 65535"), "{name}");
    }
}

#[test]
fn a_name_over_253_bytes_or_a_label_over_63_is_refused() {
    let host = |length: usize| format!("outbound_.80_._.{}", "a.".repeat(length / 2) + "b");
    let longest = host(253 - "outbound_.80_._.".len());
    assert_eq!(longest.len(), 253);
    istio(&longest);
    let longer = format!("{longest}b");
    assert_eq!(refusal(&longer), SniError::NotDnsName(longer));

    let label = "a".repeat(63);
    istio(&format!("outbound_.80_._.{label}.demo"));
    let longer = format!("outbound_.80_._.{label}a.demo");
    assert_eq!(refusal(&longer), SniError::NotDnsName(longer));
}

#[test]
fn what_is_no_dns_name_is_refused() {
    for name in [
        "",
        ".",
        "a..b",
        "-a.b",
        "a-.b",
        "*.demo",
        "127.0.0.1",
        "::1",
        "a b",
        "höst",
        "a\0b",
    ] {
        assert_eq!(refusal(name), SniError::NotDnsName(name.to_owned()));
    }
}

#[test]
fn the_refusal_of_a_cluster_name_says_what_to_send_instead() {
    let refused = refusal("outbound|3306||hello.demo.svc.cluster.local").to_string();
    assert!(
        refused.contains("send outbound_.PORT_.SUBSET_.HOST"),
        "{refused}"
    );
}

proptest! {
    #[test]
    fn the_parts_of_a_name_come_back(
        port in 1..=u16::MAX,
        subset in "([a-z0-9][a-z0-9-]{0,20}[a-z0-9])?",
        host in "[a-z]([a-z0-9-]{0,20}[a-z0-9])?(\\.[a-z]([a-z0-9-]{0,20}[a-z0-9])?){0,5}",
    ) {
        let name = format!("outbound_.{port}_.{subset}_.{host}");
        let sni = istio(&name);
        prop_assert_eq!(sni.port.get(), port);
        prop_assert_eq!(sni.subset.as_deref().unwrap_or_default(), subset);
        prop_assert_eq!(&sni.host, &host);
        prop_assert_eq!(sni.to_string(), name);
    }

    #[test]
    fn what_is_read_prints_as_the_normalised_name(
        name in "(outbound_\\.|inbound_\\.|outbound\\||)[a-zA-Z0-9_.-]{0,40}",
    ) {
        if let Ok(sni) = name.parse::<Sni>() {
            let normal = name.strip_suffix('.').unwrap_or(&name).to_ascii_lowercase();
            prop_assert_eq!(sni.to_string(), normal.clone());
            prop_assert_eq!(normal.parse::<Sni>(), Ok(sni));
        }
    }

    #[test]
    fn no_text_makes_it_panic(name in any::<String>()) {
        let _ = name.parse::<Sni>();
    }
}
