//! rustls' own reading of a ClientHello, to hold ours against. The fuzz targets use this file too.

use eastwest_transport::client_hello::{ClientHello, HelloError, Parsed, parse};
use rustls::server::Acceptor;

/// Where we refuse what rustls takes, as the module documentation of `client_hello` says.
const STRICTER: [HelloError; 4] = [
    HelloError::TooLarge,
    HelloError::Malformed("a name in server_name that is not a host_name"),
    HelloError::Malformed("more than one name in server_name"),
    HelloError::Malformed("more than 32 extensions with a number above 63"),
];

/// What a reader of hellos says of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Incomplete,
    Complete {
        sni: Option<String>,
        alpn: Vec<Vec<u8>>,
    },
    Refused(String),
}

/// Asks rustls.
pub(crate) fn rustls(mut bytes: &[u8]) -> Verdict {
    let mut acceptor = Acceptor::default();
    while !bytes.is_empty() {
        match acceptor.read_tls(&mut bytes) {
            Ok(0) => return Verdict::Refused("it reads no more".to_owned()),
            Ok(_) => {}
            Err(error) => return Verdict::Refused(error.to_string()),
        }
        match acceptor.accept() {
            Ok(None) => {}
            Ok(Some(accepted)) => {
                let hello = accepted.client_hello();
                let alpn = hello
                    .alpn()
                    .into_iter()
                    .flatten()
                    .map(<[u8]>::to_vec)
                    .collect();
                return Verdict::Complete {
                    sni: hello.server_name().map(str::to_owned),
                    alpn,
                };
            }
            Err((error, _)) => return Verdict::Refused(error.to_string()),
        }
    }
    Verdict::Incomplete
}

fn verdict(hello: &ClientHello) -> Verdict {
    Verdict::Complete {
        sni: hello.sni().map(str::to_owned),
        alpn: hello.alpn().map(<[u8]>::to_vec).collect(),
    }
}

/// Panics unless we and rustls agree on these bytes, save for the documented differences.
pub(crate) fn assert_agreement(bytes: &[u8]) {
    match (parse(bytes), rustls(bytes)) {
        (Ok(Parsed::Incomplete { .. }), Verdict::Incomplete) => {}
        (Ok(Parsed::Complete(hello)), theirs @ Verdict::Complete { .. }) => {
            assert_eq!(verdict(&hello), theirs);
        }
        // rustls judges the other extensions as well, so put harmless ones in their place.
        (Ok(Parsed::Complete(hello)), Verdict::Refused(refusal)) => {
            let bare = without_other_extensions(bytes);
            assert_eq!(verdict(&hello), rustls(&bare), "rustls refused: {refusal}");
        }
        (Err(_), Verdict::Refused(_) | Verdict::Incomplete) => {}
        (Err(error), Verdict::Complete { .. }) if STRICTER.contains(&error) => {}
        (ours, theirs) => panic!("we say {ours:?}, rustls says {theirs:?}"),
    }
    assert_steps_agree(bytes);
}

/// Panics unless reading as `at_least` says, never a byte more, ends as reading all at once does.
/// Returns how often [`parse`] was called.
pub(crate) fn assert_steps_agree(bytes: &[u8]) -> usize {
    let whole = parse(bytes);
    let mut end = 0;
    for steps in 1.. {
        match parse(&bytes[..end]) {
            Ok(Parsed::Incomplete { at_least }) if end < bytes.len() => {
                assert!(at_least > 0, "a wait for nothing after {end} bytes");
                end = bytes.len().min(end + at_least);
            }
            Err(_) => {
                assert!(
                    whole.is_err(),
                    "refused after {end} bytes, yet the whole is {whole:?}"
                );
                return steps;
            }
            read => {
                assert_eq!(read, whole, "after {end} bytes");
                return steps;
            }
        }
    }
    unreachable!("each step reads at least one byte")
}

/// The same hello with every extension but `server_name` and ALPN renamed to one rustls does not
/// know, in one record, and with the signature algorithms rustls asks for.
fn without_other_extensions(wire: &[u8]) -> Vec<u8> {
    let message = joined(wire);
    let (fields, mut extensions) = fields_and_extensions(&message);
    let mut block = Vec::new();
    for unknown in 0x4000_u16.. {
        let [a, b, ref body @ ..] = *extensions else {
            break;
        };
        let kind = u16::from_be_bytes([a, b]);
        let length = 2 + u16_at(body, 0);
        let kind = if [0, 16].contains(&kind) {
            kind
        } else {
            unknown
        };
        block.extend(kind.to_be_bytes());
        block.extend(&body[..length]);
        extensions = &body[length..];
    }
    block.extend([0, 13, 0, 4, 0, 2, 4, 3]);
    let body = [fields, &u16_of(block.len()), &block].concat();
    let message = [&[1, 0], &u16_of(body.len())[..], &body].concat();
    [&[22, 3, 1], &u16_of(message.len())[..], &message].concat()
}

/// The first handshake message in some records.
fn joined(mut wire: &[u8]) -> Vec<u8> {
    let mut message = Vec::new();
    while message.len() < 4 || message.len() < 4 + u16_at(&message, 2) {
        let (payload, rest) = wire[5..].split_at(u16_at(wire, 3));
        message.extend(payload);
        wire = rest;
    }
    assert_eq!(
        message.len(),
        4 + u16_at(&message, 2),
        "data after the hello in its record"
    );
    message
}

/// The fields between the handshake header and the extensions, and the extensions without length.
fn fields_and_extensions(message: &[u8]) -> (&[u8], &[u8]) {
    let session_id = 4 + 2 + 32;
    let suites = session_id + 1 + usize::from(message[session_id]);
    let compression = suites + 2 + u16_at(message, suites);
    let end = compression + 1 + usize::from(message[compression]);
    (&message[4..end], message.get(end + 2..).unwrap_or_default())
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]))
}

fn u16_of(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap().to_be_bytes()
}
