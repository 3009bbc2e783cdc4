use super::*;

fn pattern(text: &str) -> SpiffePattern {
    text.parse().unwrap()
}

#[test]
fn a_pattern_without_star_matches_that_identity_alone() {
    let exact = pattern("spiffe://cluster.local/ns/pxc/sa/db");
    assert!(exact.matches("cluster.local", "/ns/pxc/sa/db"));
    for (trust_domain, path) in [
        ("cluster.locale", "/ns/pxc/sa/db"),
        ("cluster.local", "/ns/pxc/sa/db2"),
        ("cluster.local", "/ns/pxc/sa/db/x"),
        ("cluster.local", "/ns/pxc/sa"),
        ("cluster.local", "ns/pxc/sa/db"),
    ] {
        assert!(!exact.matches(trust_domain, path), "{trust_domain}{path}");
    }
}

#[test]
fn a_star_stands_for_one_whole_part() {
    let any_account = pattern("spiffe://cluster.local/ns/pxc/sa/*");
    assert!(any_account.matches("cluster.local", "/ns/pxc/sa/db"));
    assert!(!any_account.matches("cluster.local", "/ns/pxc/sa/a/b"));
    assert!(!any_account.matches("cluster.local", "/ns/pxc/sa/"));
    assert!(!any_account.matches("cluster.local", "/ns/other/sa/db"));
    assert!(pattern("spiffe://*/ns/pxc/sa/db").matches("anything", "/ns/pxc/sa/db"));
}

#[test]
fn each_kind_of_broken_pattern_has_its_own_reason() {
    for (text, reason) in [
        ("cluster.local/ns/a/sa/b", SpiffePatternError::Scheme),
        ("spiffe://cluster.local", SpiffePatternError::EmptyPart),
        ("spiffe:///ns/a/sa/b", SpiffePatternError::EmptyPart),
        ("spiffe://td/ns//sa/b", SpiffePatternError::EmptyPart),
        (
            "spiffe://td/ns/a/sa/db-*",
            SpiffePatternError::PartialWildcard,
        ),
        (
            "spiffe://td/ns/a/sa/b?x",
            SpiffePatternError::BadCharacter('?'),
        ),
    ] {
        assert_eq!(text.parse::<SpiffePattern>(), Err(reason), "{text}");
    }
}

#[test]
fn prints_as_it_was_written() {
    let text = "spiffe://cluster.local/ns/*/sa/*";
    assert_eq!(pattern(text).to_string(), text);
}

#[test]
fn the_namespace_and_account_need_istios_form_of_a_path() {
    let principal = |path| Principal {
        trust_domain: "td",
        path,
    };
    assert_eq!(principal("/ns/pxc/sa/db").namespace(), Some("pxc"));
    assert_eq!(principal("/ns/pxc/sa/db").service_account(), Some("db"));
    for other in [
        "/ns/pxc",
        "/ns//sa/db",
        "/ns/a/b/sa/c",
        "/x/ns/pxc/sa/db",
        "/ns/pxc/sa/db/sa/x",
    ] {
        assert_eq!(principal(other).namespace(), None, "{other}");
    }
}
