//! What is refused, why, and at which byte.

use eastwest_transport::client_hello::HelloError::{self, Malformed, NotTls, TooLarge};
use eastwest_transport::client_hello::{MAX_CLIENT_HELLO, Parsed, parse};

use crate::hello::{ALPN, Hello, SERVER_NAME, host_name, in_records_of, protocols, record};
use crate::hello::{server_names, vector_u16};
use crate::oracle;

#[track_caller]
fn refusal(wire: &[u8]) -> HelloError {
    oracle::assert_agreement(wire);
    parse(wire).expect_err("it was taken")
}

#[track_caller]
fn refused_hello(hello: &Hello) -> HelloError {
    refusal(&hello.wire())
}

fn sni(wire: &[u8]) -> Option<String> {
    oracle::assert_agreement(wire);
    match parse(wire) {
        Ok(Parsed::Complete(hello)) => hello.sni().map(str::to_owned),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_byte_of_another_protocol_is_enough() {
    // HTTP, a PostgreSQL SSLRequest, a MySQL greeting, SSLv2, PROXY, SSH.
    for first in *b"G\0\x4a\x80PS" {
        assert_eq!(refusal(&[first]), NotTls, "byte {first:#04x}");
    }
}

#[test]
fn a_version_that_is_not_tls_is_refused_at_its_first_byte() {
    assert_eq!(refusal(&[22, 2]), NotTls);
    assert_eq!(refusal(&[22, 4]), NotTls);
}

#[test]
fn a_later_record_of_another_version_is_refused() {
    let mut wire = in_records_of(50, &Hello::new().message());
    wire[55 + 1] = 2;
    assert_eq!(
        refusal(&wire),
        Malformed("a record of no known TLS version amid the ClientHello")
    );
}

#[test]
fn an_alert_instead_of_the_hello_is_refused() {
    let alert = Malformed("a TLS alert where the ClientHello, or the rest of it, was due");
    assert_eq!(refusal(&record(21, &[2, 40])), alert);
}

#[test]
fn an_alert_in_the_middle_of_the_hello_is_refused() {
    let alert = Malformed("a TLS alert where the ClientHello, or the rest of it, was due");
    let wire = in_records_of(50, &Hello::new().message());
    assert_eq!(
        refusal(&[&wire[..55], &record(21, &[1, 0])].concat()),
        alert
    );
}

#[test]
fn another_record_type_in_the_middle_is_refused() {
    let wire = in_records_of(50, &Hello::new().message());
    for kind in [20, 23, 24, 99] {
        let wire = [&wire[..55], &[kind]].concat();
        let refused = Malformed("a record of another type in the middle of the ClientHello");
        assert_eq!(refusal(&wire), refused, "type {kind}");
    }
}

#[test]
fn a_record_without_payload_is_refused() {
    let empty = Malformed("an empty handshake record (RFC 8446 section 5.1)");
    assert_eq!(refusal(&[22, 3, 1, 0, 0]), empty);
    let wire = in_records_of(50, &Hello::new().message());
    assert_eq!(refusal(&[&wire[..55], &[22, 3, 3, 0, 0]].concat()), empty);
}

#[test]
fn another_handshake_message_is_refused_at_its_first_byte() {
    for kind in [0, 2, 11, 254] {
        let refused = Malformed("the first handshake message is not a ClientHello");
        assert_eq!(refusal(&[22, 3, 1, 0, 100, kind]), refused, "type {kind}");
    }
}

#[test]
fn a_record_too_large_is_refused_at_its_length() {
    let largest = u16::try_from(MAX_CLIENT_HELLO - 5).unwrap();
    let header = |length: u16| [&[22, 3, 1], &length.to_be_bytes()[..]].concat();
    assert!(matches!(
        parse(&header(largest)),
        Ok(Parsed::Incomplete { .. })
    ));
    assert_eq!(refusal(&header(largest + 1)), TooLarge);
}

#[test]
fn a_message_too_large_is_refused_at_its_length() {
    let header = |length: u32| [&[22, 3, 1, 0, 4, 1], &length.to_be_bytes()[1..]].concat();
    // The rest needs a record header of its own.
    let largest = u32::try_from(MAX_CLIENT_HELLO - 5 - 4 - 5).unwrap();
    assert!(matches!(
        parse(&header(largest)),
        Ok(Parsed::Incomplete { .. })
    ));
    assert_eq!(refusal(&header(largest + 1)), TooLarge);
    assert_eq!(refusal(&header(0x00ff_ffff)), TooLarge);
}

#[test]
fn a_record_that_goes_on_after_the_hello_is_refused_at_its_length() {
    let more = Malformed("more data after the ClientHello in the same record");
    assert_eq!(refusal(&[22, 3, 1, 0, 105, 1, 0, 0, 100]), more);
    let message = [Hello::new().message(), vec![1]].concat();
    assert_eq!(refusal(&record(22, &message)), more);
}

#[test]
fn an_empty_message_is_refused() {
    refusal(&[22, 3, 1, 0, 4, 1, 0, 0, 0]);
}

#[test]
fn a_session_id_over_32_bytes_is_refused() {
    let hello = Hello {
        session_id: vec![0; 33],
        ..Hello::new()
    };
    assert_eq!(
        refused_hello(&hello),
        Malformed("a session id longer than 32 bytes")
    );
}

#[test]
fn cipher_suites_that_are_none_or_half_are_refused() {
    for cipher_suites in [vec![], vec![0x13, 0x01, 0x13]] {
        let hello = Hello {
            cipher_suites,
            ..Hello::new()
        };
        let refused = Malformed("a cipher suite list that is empty or of odd length");
        assert_eq!(refused_hello(&hello), refused);
    }
}

#[test]
fn compression_without_the_null_method_is_refused() {
    for compression in [vec![], vec![1]] {
        let hello = Hello {
            compression,
            ..Hello::new()
        };
        let refused = Malformed("the null compression method is not offered");
        assert_eq!(refused_hello(&hello), refused);
    }
}

#[test]
fn a_hello_without_extensions_names_no_server() {
    assert_eq!(
        sni(&Hello {
            extensions: None,
            ..Hello::new()
        }
        .wire()),
        None
    );
}

#[test]
fn bytes_after_the_extensions_are_refused() {
    let hello = Hello {
        trailing: vec![0],
        ..Hello::new()
    };
    assert_eq!(
        refused_hello(&hello),
        Malformed("bytes after the extensions")
    );
}

#[test]
fn a_length_that_runs_over_is_refused() {
    let runs_over = Malformed("a length runs past the end of what holds it");
    let hello = Hello {
        extensions: None,
        trailing: vec![0, 9, 0],
        ..Hello::new()
    };
    assert_eq!(refused_hello(&hello), runs_over);
    let hello = Hello {
        extensions: None,
        trailing: vec![0, 5, 0, 1, 0, 2, 0],
        ..Hello::new()
    };
    assert_eq!(refused_hello(&hello), runs_over);
    assert_eq!(
        refused_hello(&Hello::new().with(SERVER_NAME, vec![0, 9])),
        runs_over
    );
    assert_eq!(
        refused_hello(&Hello::new().with(ALPN, vec![0, 2, 5, 0])),
        runs_over
    );
}

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
