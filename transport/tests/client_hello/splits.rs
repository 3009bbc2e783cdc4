//! The same hello, cut up by TCP or into records in every way.

use eastwest_transport::client_hello::{ClientHello, MAX_CLIENT_HELLO, Parsed, parse};

use crate::hello::{self, Hello, RECORD_HEADER};
use crate::oracle;

const NAME: &str = "outbound_.3306_._.db-pxc-0.db-pxc.pxc.svc.cluster.local";
const PROTOCOLS: [&str; 2] = ["istio-peer-exchange", "istio"];

fn complete(wire: &[u8]) -> ClientHello {
    match parse(wire) {
        Ok(Parsed::Complete(hello)) => hello,
        other => panic!("{other:?}"),
    }
}

fn assert_is_the_hello(hello: &ClientHello) {
    assert_eq!(hello.sni(), Some(NAME));
    assert!(hello.alpn().eq(PROTOCOLS.map(str::as_bytes)));
}

#[test]
fn a_post_quantum_hello_is_read() {
    assert_is_the_hello(&complete(&hello::post_quantum(NAME, &PROTOCOLS)));
}

#[test]
fn a_classic_hello_is_read() {
    assert_is_the_hello(&complete(&hello::classic(NAME, &PROTOCOLS)));
}

#[test]
fn a_protocol_is_offered_in_any_position_and_exact_case() {
    let hello = complete(&hello::classic(NAME, &PROTOCOLS));
    assert!(hello.offers_alpn(b"istio"));
    assert!(hello.offers_alpn(b"istio-peer-exchange"));
    assert!(!hello.offers_alpn(b"Istio"));
    assert!(!hello.offers_alpn(b"isti"));
}

#[test]
fn at_every_byte_the_wait_is_for_bytes_of_the_hello_only() {
    let message = hello::message(&hello::post_quantum(NAME, &PROTOCOLS));
    for size in [1, 2, 3, 7, 100, 1000, message.len()] {
        let wire = hello::in_records_of(size, &message);
        for end in 0..wire.len() {
            let Ok(Parsed::Incomplete { at_least }) = parse(&wire[..end]) else {
                panic!("records of {size}, {end} bytes: {:?}", parse(&wire[..end]));
            };
            assert!(
                (1..=wire.len() - end).contains(&at_least),
                "records of {size}, {end} bytes of {}: a wait for {at_least}",
                wire.len()
            );
        }
    }
}

#[test]
fn a_hello_in_one_record_is_looked_at_five_times_at_most() {
    // Before the first byte and after it, then after each of the headers, then at the end.
    assert_eq!(
        oracle::assert_steps_agree(&hello::post_quantum(NAME, &PROTOCOLS)),
        5
    );
}

#[test]
fn records_of_every_size_carry_it() {
    let message = hello::message(&hello::post_quantum(NAME, &PROTOCOLS));
    for size in 1..=message.len() {
        let wire = hello::in_records_of(size, &message);
        assert_is_the_hello(&complete(&wire));
        oracle::assert_steps_agree(&wire);
    }
}

#[test]
fn every_cut_into_two_records_carries_it() {
    let message = hello::message(&hello::post_quantum(NAME, &PROTOCOLS));
    for at in 1..message.len() {
        let (first, second) = message.split_at(at);
        let wire = [hello::record(22, first), hello::record(22, second)].concat();
        assert_is_the_hello(&complete(&wire));
    }
}

#[test]
fn bytes_after_the_hello_are_left_alone() {
    let mut wire = hello::post_quantum(NAME, &PROTOCOLS);
    wire.extend(hello::record(20, &[1]));
    wire.extend([0; MAX_CLIENT_HELLO]);
    assert_is_the_hello(&complete(&wire));
}

#[test]
fn the_records_may_say_any_minor_version() {
    let mut wire = hello::in_records_of(100, &Hello::new().message());
    for minor in 0..=255 {
        wire[2] = minor;
        assert!(
            matches!(parse(&wire), Ok(Parsed::Complete(_))),
            "version 3.{minor}"
        );
    }
}

#[test]
fn a_hello_that_fills_the_limit_is_read_and_one_byte_more_refused() {
    let filled = |records: usize, bytes: usize| {
        let empty = Hello::new().with(0x4000, Vec::new()).message().len();
        let room = bytes - records * RECORD_HEADER - empty;
        let message = Hello::new().with(0x4000, vec![0; room]).message();
        let wire = hello::in_records_of(message.len().div_ceil(records), &message);
        assert_eq!(wire.len(), bytes);
        parse(&wire)
    };
    for records in [1, 2, 7] {
        assert!(matches!(
            filled(records, MAX_CLIENT_HELLO),
            Ok(Parsed::Complete(_))
        ));
        assert!(filled(records, MAX_CLIENT_HELLO + 1).is_err());
    }
}

#[test]
fn one_byte_records_cost_few_looks() {
    // As large as the limit lets it be when each byte brings a header of its own.
    let room =
        MAX_CLIENT_HELLO / (1 + RECORD_HEADER) - Hello::new().with(1, vec![]).message().len();
    let wire = hello::in_records_of(1, &Hello::new().with(1, vec![0; room]).message());
    assert!(matches!(parse(&wire), Ok(Parsed::Complete(_))));
    let looks = oracle::assert_steps_agree(&wire);
    assert!(looks < 64, "{looks} looks at {} bytes", wire.len());
}
