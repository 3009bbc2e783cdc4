use super::*;

fn name(text: &str) -> Hostname {
    text.parse().unwrap()
}

#[test]
fn is_stored_in_lower_case_without_the_trailing_dot() {
    assert_eq!(
        name("Src-Hello-0.Demo.SVC.cluster.local.").as_str(),
        "src-hello-0.demo.svc.cluster.local"
    );
}

#[test]
fn underscores_of_istio_names_are_allowed() {
    assert_eq!(
        name("outbound_.3306_._.db.pxc").as_str(),
        "outbound_.3306_._.db.pxc"
    );
}

#[test]
fn each_kind_of_broken_name_has_its_own_reason() {
    let long = format!("{}.a", "x".repeat(64));
    let huge = "a.".repeat(130);
    for (text, reason) in [
        ("", HostnameError::Empty),
        (".", HostnameError::Empty),
        ("a..b", HostnameError::EmptyLabel),
        (".a", HostnameError::EmptyLabel),
        ("a b", HostnameError::BadCharacter(' ')),
        ("é.local", HostnameError::BadCharacter('é')),
        ("-a.b", HostnameError::Hyphen),
        ("a-.b", HostnameError::Hyphen),
        ("10.0.0.1", HostnameError::Numeric),
        ("*.local", HostnameError::Wildcard),
        (long.as_str(), HostnameError::LabelTooLong(64)),
        (huge.as_str(), HostnameError::TooLong(259)),
    ] {
        assert_eq!(text.parse::<Hostname>(), Err(reason), "{text:?}");
    }
}

#[test]
fn below_a_domain_means_at_a_label_boundary() {
    let domain = name("cluster.local");
    assert!(name("a.cluster.local").is_below(&domain));
    assert!(!name("cluster.local").is_below(&domain));
    assert!(!name("evilcluster.local").is_below(&domain));
}

#[test]
fn the_namespace_is_the_label_before_svc() {
    let domain = name("cluster.local");
    assert_eq!(
        name("db-0.db.pxc.svc.cluster.local").namespace(&domain),
        Some("pxc")
    );
    assert_eq!(name("db.example.com").namespace(&domain), None);
    assert_eq!(name("pxc.svc.cluster.local").namespace(&domain), None);
}
