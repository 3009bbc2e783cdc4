//! What the extensions say, and what is refused in them.

use eastwest_transport::client_hello::HelloError::Malformed;

use crate::hello::{ALPN, Hello, SERVER_NAME, host_name, in_records_of, protocols};
use crate::hello::{server_names, vector_u16};
use crate::refusals::{refusal, refused_hello, sni};

#[test]
fn any_extension_twice_is_refused() {
    for kind in [SERVER_NAME, ALPN, 63, 64, 0xff01] {
        let body = if kind == ALPN {
            protocols(&[b"istio"])
        } else {
            host_name(b"a.b")
        };
        let hello = Hello::new()
            .with(kind, body.clone())
            .with(1, vec![])
            .with(kind, body);
        let refused = Malformed("the same extension twice (RFC 8446 section 4.2)");
        assert_eq!(refused_hello(&hello), refused, "extension {kind}");
    }
}

#[test]
fn more_high_extensions_than_any_client_sends_are_refused() {
    let with = |count: u16| (64..64 + count).fold(Hello::new(), |h, kind| h.with(kind, vec![]));
    assert_eq!(sni(&with(32).wire()), None);
    let refused = Malformed("more than 32 extensions with a number above 63");
    assert_eq!(refused_hello(&with(33)), refused);
}

#[test]
fn server_name_holds_one_host_name_and_nothing_else() {
    let refused = |body| refused_hello(&Hello::new().with(SERVER_NAME, body));
    let more = Malformed("more than one name in server_name");
    assert_eq!(refused(server_names(&[(0, b"a.b"), (0, b"c.d")])), more);
    assert_eq!(refused(server_names(&[(0, b"a.b"), (1, b"c.d")])), more);
    let other = Malformed("a name in server_name that is not a host_name");
    assert_eq!(refused(server_names(&[(1, b"a.b")])), other);
    let trailing = Malformed("bytes after the list in server_name");
    assert_eq!(refused([host_name(b"a.b"), vec![0]].concat()), trailing);
    refused(vec![]);
    refused(vector_u16(&[]));
}

#[test]
fn a_host_name_over_255_bytes_is_refused() {
    let name = "a.".repeat(128);
    let refused = refused_hello(&Hello::new().with(SERVER_NAME, host_name(name.as_bytes())));
    assert_eq!(refused, Malformed("a host_name longer than 255 bytes"));
}

#[test]
fn a_host_name_that_is_no_dns_name_is_refused() {
    let names: [&[u8]; 11] = [
        b"", b".", b"a..b", b"a.b..", b"-a.b", b"a-.b", b"*.a", b"a\0b", b"a b", b"\xff", b"a.0x1",
    ];
    for name in names {
        let refused = refused_hello(&Hello::new().with(SERVER_NAME, host_name(name)));
        let expected = Malformed("a host_name that is no valid DNS name");
        assert_eq!(refused, expected, "{}", name.escape_ascii());
    }
}

#[test]
fn the_refusal_of_a_cluster_name_says_what_to_send_instead() {
    let name = host_name(b"outbound|3306||hello.demo.svc.cluster.local");
    let refused = refused_hello(&Hello::new().with(SERVER_NAME, name)).to_string();
    assert!(
        refused.contains("outbound_.PORT_.SUBSET_.HOST"),
        "{refused}"
    );
}

#[test]
fn a_host_name_over_a_record_boundary_is_judged_the_same() {
    let read = |name: &[u8]| {
        let message = Hello::new().with(SERVER_NAME, host_name(name)).message();
        (1..message.len())
            .map(|size| in_records_of(size, &message))
            .collect::<Vec<_>>()
    };
    for wire in read(b"Outbound_.80_._.Hello.Demo.") {
        assert_eq!(sni(&wire).as_deref(), Some("outbound_.80_._.hello.demo"));
    }
    for wire in read(b"a..b") {
        refusal(&wire);
    }
}

#[test]
fn an_ip_address_as_host_name_counts_as_none() {
    for address in ["10.0.0.1", "::1", "2001:db8::1"] {
        let hello = Hello::new().with(SERVER_NAME, host_name(address.as_bytes()));
        assert_eq!(sni(&hello.wire()), None, "{address}");
    }
}

#[test]
fn a_host_name_is_lower_case_without_its_trailing_dot() {
    let hello = Hello::new().with(SERVER_NAME, host_name(b"Hello.DEMO.svc."));
    assert_eq!(sni(&hello.wire()).as_deref(), Some("hello.demo.svc"));
}

#[test]
fn an_alpn_list_that_is_empty_or_has_an_empty_name_is_refused() {
    let refused = |body| refused_hello(&Hello::new().with(ALPN, body));
    assert_eq!(refused(protocols(&[])), Malformed("an empty ALPN list"));
    let empty = Malformed("an empty name in the ALPN list");
    assert_eq!(refused(protocols(&[b"istio", b""])), empty);
    let trailing = Malformed("bytes after the list in ALPN");
    assert_eq!(
        refused([protocols(&[b"istio"]), vec![0]].concat()),
        trailing
    );
}
