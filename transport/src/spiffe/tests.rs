use proptest::prelude::*;

use super::SpiffeId;

fn refused(text: &str) -> String {
    text.parse::<SpiffeId>().unwrap_err().to_string()
}

#[test]
fn takes_an_istio_id_apart() {
    let id: SpiffeId = "spiffe://cluster.local/ns/pxc/sa/db-pxc".parse().unwrap();
    assert_eq!(id.trust_domain(), "cluster.local");
    assert_eq!(id.path(), "/ns/pxc/sa/db-pxc");
    assert_eq!(id.namespace(), Some("pxc"));
    assert_eq!(id.service_account(), Some("db-pxc"));
    assert_eq!(id.to_string(), "spiffe://cluster.local/ns/pxc/sa/db-pxc");
}

#[test]
fn a_path_of_another_form_has_no_namespace() {
    for path in [
        "/spire/agent",
        "/ns/pxc",
        "/ns/pxc/sa/a/b",
        "/ns/a/b/sa/c",
        "/x/ns/a/sa/b",
    ] {
        let id: SpiffeId = format!("spiffe://td{path}").parse().unwrap();
        assert_eq!(id.namespace(), None, "{path}");
        assert_eq!(id.service_account(), None, "{path}");
    }
}

#[test]
fn refuses_what_the_standard_forbids() {
    for (text, why) in [
        ("spiffe:/td/a", "must start with"),
        ("SPIFFE://td/a", "must start with"),
        ("https://td/a", "must start with"),
        ("", "must start with"),
        ("spiffe:///ns/a", "trust domain must have"),
        ("spiffe://td", "no path"),
        ("spiffe://td/", "no path"),
        ("spiffe://Td/a", "holds 'T'"),
        ("spiffe://td:80/a", "holds ':'"),
        ("spiffe://me@td/a", "holds '@'"),
        ("spiffe://td/a//b", "empty segment"),
        ("spiffe://td/a/", "empty segment"),
        ("spiffe://td/a/../b", "\"..\""),
        ("spiffe://td/./b", "\".\""),
        ("spiffe://td/a%2fb", "holds '%'"),
        ("spiffe://td/a?x", "holds '?'"),
        ("spiffe://td/a#x", "holds '#'"),
        ("spiffe://td/a\0", "holds '\\0'"),
        ("spiffe://td/ä", "holds 'ä'"),
    ] {
        let message = refused(text);
        assert!(message.contains(why), "{text:?}: {message}");
    }
}

#[test]
fn refuses_one_byte_over_the_limits() {
    let longest = format!("spiffe://td/{}", "a".repeat(2048 - 12));
    assert!(longest.parse::<SpiffeId>().is_ok());
    assert!(refused(&format!("{longest}a")).contains("2048"));
    let longest = format!("spiffe://{}/a", "t".repeat(255));
    assert!(longest.parse::<SpiffeId>().is_ok());
    assert!(refused(&format!("spiffe://{}/a", "t".repeat(256))).contains("255"));
}

#[test]
fn a_long_text_from_a_peer_does_not_fill_the_message() {
    assert!(refused(&"x".repeat(100_000)).len() < 500);
}

#[test]
fn a_service_account_cannot_climb_out_of_its_part() {
    let id = SpiffeId::for_service_account("td", "pxc", "default").unwrap();
    assert_eq!(id.as_str(), "spiffe://td/ns/pxc/sa/default");
    let message = SpiffeId::for_service_account("td", "a/sa/b", "c")
        .unwrap_err()
        .to_string();
    assert!(message.contains("slash"), "{message}");
}

proptest! {
    #[test]
    fn every_valid_id_comes_back_byte_for_byte(
        trust_domain in "[a-z0-9._-]{1,40}",
        segments in prop::collection::vec("[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,20}", 1..6),
    ) {
        let path = format!("/{}", segments.join("/"));
        let text = format!("spiffe://{trust_domain}{path}");
        let id: SpiffeId = text.parse().unwrap();
        prop_assert_eq!(id.trust_domain(), trust_domain);
        prop_assert_eq!(id.path(), path);
        prop_assert_eq!(id.to_string(), text);
    }

    #[test]
    fn any_text_is_parsed_or_refused_but_never_changed(text in "(spiffe://)?\\PC{0,40}") {
        if let Ok(id) = text.parse::<SpiffeId>() {
            prop_assert_eq!(id.as_str(), text.as_str());
            prop_assert_eq!(format!("spiffe://{}{}", id.trust_domain(), id.path()), text);
        }
    }
}
