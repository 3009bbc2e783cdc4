use std::io::Write;

use super::*;

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn find(given: &[&str], text: &str) -> Result<Upstreams, NoUpstream> {
    let given: Vec<_> = given.iter().map(|server| server.parse().unwrap()).collect();
    let listen = ["127.0.0.1:53".parse().unwrap()];
    Upstreams::find(&given, file(text).path(), &listen)
}

#[test]
fn a_name_server_is_an_address_with_or_without_a_port() {
    for (text, address) in [
        ("10.96.0.10", "10.96.0.10:53"),
        ("10.96.0.10:5353", "10.96.0.10:5353"),
        ("fd00::10", "[fd00::10]:53"),
        ("[fd00::10]:5353", "[fd00::10]:5353"),
    ] {
        assert_eq!(text.parse::<NameServer>().unwrap().to_string(), address);
    }
}

#[test]
fn a_name_is_no_name_server_and_the_message_shows_what_is() {
    let error = "dns.example.com"
        .parse::<NameServer>()
        .unwrap_err()
        .to_string();
    assert!(error.contains("as in 10.96.0.10"), "{error}");
}

#[test]
fn those_of_the_system_are_taken_where_none_is_given() {
    let found = find(
        &[],
        "nameserver 10.0.0.1\nnameserver 10.0.0.2\noptions rotate\n",
    )
    .unwrap();
    assert_eq!(
        found.addresses,
        [
            "10.0.0.1:53".parse().unwrap(),
            "10.0.0.2:53".parse().unwrap()
        ]
    );
    assert!(found.rotate);
}

#[test]
fn those_given_come_alone_with_the_search_domains_of_the_system() {
    let found = find(
        &["10.0.0.9"],
        "nameserver 10.0.0.1\nsearch a.example\noptions rotate\n",
    );
    let search = vec!["a.example".parse().unwrap()];
    let addresses = vec!["10.0.0.9:53".parse().unwrap()];
    assert_eq!(
        found.unwrap(),
        Upstreams {
            addresses,
            search,
            ..Upstreams::default()
        }
    );
}

#[test]
fn where_some_are_given_the_system_needs_no_resolv_conf() {
    let given = ["10.0.0.9".parse().unwrap()];
    assert!(Upstreams::find(&given, Path::new("/nonexistent/resolv.conf"), &[]).is_ok());
}

#[test]
fn the_resolver_itself_is_left_out_with_a_warning() {
    let found = find(&[], "nameserver 127.0.0.1\nnameserver 10.0.0.1\n").unwrap();
    assert_eq!(found.addresses, ["10.0.0.1:53".parse().unwrap()]);
    assert!(
        found.warnings[0]
            .ends_with("the name server 127.0.0.1:53 is this resolver itself; not asked"),
        "{:?}",
        found.warnings
    );
}

#[test]
fn a_system_that_knows_only_the_resolver_itself_is_told_what_to_give() {
    let error = find(&[], "nameserver 127.0.0.1\n").unwrap_err().to_string();
    assert!(
        error.contains("is 127.0.0.1:53, which is this resolver itself"),
        "{error}"
    );
    assert!(
        error.ends_with("the Service kube-dns in namespace kube-system"),
        "{error}"
    );
}

#[test]
fn a_system_without_name_servers_is_told_by_file() {
    let error = find(&[], "search a.example\n").unwrap_err().to_string();
    assert!(
        error.ends_with(" names no name server for all names that are no alias"),
        "{error}"
    );
}
