//! What is refused, why, and at which byte.

use eastwest_transport::client_hello::HelloError::{self, Malformed, NotTls, TooLarge};
use eastwest_transport::client_hello::{MAX_CLIENT_HELLO, Parsed, parse};

use crate::hello::{ALPN, Hello, SERVER_NAME, in_records_of, record};
use crate::oracle;

#[track_caller]
pub(crate) fn refusal(wire: &[u8]) -> HelloError {
    oracle::assert_agreement(wire);
    parse(wire).expect_err("it was taken")
}

#[track_caller]
pub(crate) fn refused_hello(hello: &Hello) -> HelloError {
    refusal(&hello.wire())
}

pub(crate) fn sni(wire: &[u8]) -> Option<String> {
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
fn a_second_record_that_goes_on_after_the_hello_is_refused_too() {
    let message = [Hello::new().message(), vec![1]].concat();
    let refused = Malformed("more data after the ClientHello in the same record");
    assert_eq!(
        refusal(&in_records_of(message.len() - 2, &message)),
        refused
    );
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
}

#[test]
fn a_length_that_runs_into_the_next_extension_is_refused() {
    let runs_over = Malformed("a length runs past the end of what holds it");
    for (kind, body) in [
        (SERVER_NAME, vec![0, 9, 0, 0, 3, b'a']),
        (SERVER_NAME, vec![0, 4, 0, 0, 3, b'a']),
        (ALPN, vec![0, 9, 1, b'a']),
        (ALPN, vec![0, 2, 9, b'a']),
    ] {
        let hello = Hello::new()
            .with(kind, body.clone())
            .with(0x6161, vec![b'a'; 32]);
        assert_eq!(
            refused_hello(&hello),
            runs_over,
            "extension {kind}: {body:?}"
        );
    }
}
