//! Hellos good, odd and broken, each read by us and by rustls.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::hello::{self, ALPN, Hello, SERVER_NAME, SIGNATURE_ALGORITHMS};
use crate::oracle;

/// Host names around every rule there is for them.
fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-zA-Z_]([a-zA-Z0-9_-]{0,8}\\.){0,4}[a-zA-Z0-9_-]{0,8}\\.?".prop_map_into(),
        1 => "outbound_\\.[0-9]{1,5}_\\._\\.[a-z.]{1,20}".prop_map_into(),
        1 => "[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-f:]{2,20}|0x[0-9a-f]{1,4}".prop_map_into(),
        1 => "[a-z]{60,66}\\.[a-z]{0,3}|([a-z]{1,3}\\.){60,90}".prop_map_into(),
        1 => vec(any::<u8>(), 0..20),
    ]
}

fn server_name() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop_oneof![9 => Just(0), 1 => any::<u8>()];
    prop_oneof![
        8 => name().prop_map(|name| hello::host_name(&name)),
        1 => vec((kind, name()), 0..3).prop_map(|names| {
            let names = names.iter().map(|(kind, name)| (*kind, name.as_slice()));
            hello::server_names(&names.collect::<Vec<_>>())
        }),
        1 => vec(any::<u8>(), 0..20),
    ]
}

fn protocols() -> impl Strategy<Value = Vec<u8>> {
    let list = vec(vec(any::<u8>(), 0..12), 0..4);
    prop_oneof![
        4 => list.prop_map(|names| {
            hello::protocols(&names.iter().map(Vec::as_slice).collect::<Vec<_>>())
        }),
        1 => vec(any::<u8>(), 0..20),
    ]
}

/// A right body with one byte one too high or too low, which is mostly a length.
fn off_by_one() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let right = select(vec![
        (SERVER_NAME, hello::host_name(b"a.b")),
        (ALPN, hello::protocols(&[b"h2", b"istio"])),
    ]);
    (right, any::<Index>(), any::<bool>()).prop_map(|((kind, mut body), at, up)| {
        let at = at.index(body.len());
        body[at] = if up {
            body[at].wrapping_add(1)
        } else {
            body[at].wrapping_sub(1)
        };
        (kind, body)
    })
}

fn extension() -> impl Strategy<Value = (u16, Vec<u8>)> {
    prop_oneof![
        3 => server_name().prop_map(|body| (SERVER_NAME, body)),
        3 => protocols().prop_map(|body| (ALPN, body)),
        3 => Just((SIGNATURE_ALGORITHMS, vec![0, 2, 4, 3])),
        3 => off_by_one(),
        2 => (any::<u16>(), vec(any::<u8>(), 0..40)),
        1 => (0..70_u16, vec(any::<u8>(), 0..8)),
    ]
}

/// Mostly right, so that the rarer fields get their turn.
fn built() -> impl Strategy<Value = Hello> {
    let or_new =
        |strategy: BoxedStrategy<Vec<u8>>, new: Vec<u8>| prop_oneof![9 => Just(new), 1 => strategy];
    let new = Hello::new();
    (
        or_new(vec(any::<u8>(), 0..40).boxed(), new.session_id),
        or_new(vec(any::<u8>(), 0..9).boxed(), new.cipher_suites),
        or_new(vec(0..3_u8, 0..4).boxed(), new.compression),
        prop_oneof![19 => vec(extension(), 0..6).prop_map(Some), 1 => Just(None)],
        or_new(vec(any::<u8>(), 0..4).boxed(), Vec::new()),
    )
        .prop_map(
            |(session_id, cipher_suites, compression, extensions, trailing)| Hello {
                session_id,
                cipher_suites,
                compression,
                extensions,
                trailing,
            },
        )
}

/// A message cut into records, each of the next size, round and round.
fn in_records(message: &[u8], sizes: &[usize]) -> Vec<u8> {
    let mut wire = Vec::new();
    let mut rest = message;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (payload, after) = rest.split_at(rest.len().min(*size));
        wire.extend(hello::record(22, payload));
        rest = after;
    }
    wire
}

fn record_sizes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        Just(vec![20_000]),
        vec(1..60_usize, 1..5),
        vec(1..2000_usize, 1..4)
    ]
}

#[derive(Debug, Clone)]
enum Edit {
    Set(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Cut(Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    let byte = || {
        prop_oneof![
            any::<u8>(),
            select(vec![0, 1, 2, 3, 16, 20, 21, 22, 23, 255])
        ]
    };
    prop_oneof![
        6 => (at(), byte()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        2 => (at(), byte()).prop_map(|(at, byte)| Edit::Insert(at, byte)),
        2 => at().prop_map(Edit::Remove),
        1 => at().prop_map(Edit::Cut),
    ]
}

fn apply(edits: &[Edit], bytes: &mut Vec<u8>) {
    for edit in edits {
        let length = bytes.len();
        match edit {
            _ if length == 0 => return,
            Edit::Set(at, byte) => bytes[at.index(length)] = *byte,
            Edit::Insert(at, byte) => bytes.insert(at.index(length), *byte),
            Edit::Remove(at) => drop(bytes.remove(at.index(length))),
            Edit::Cut(at) => bytes.truncate(at.index(length)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_built_hello_is_read_as_rustls_reads_it(hello in built(), sizes in record_sizes()) {
        oracle::assert_agreement(&in_records(&hello.message(), &sizes));
    }

    #[test]
    fn a_built_hello_with_edits_is_read_as_rustls_reads_it(
        hello in built(),
        sizes in record_sizes(),
        edits in vec(edit(), 1..4),
    ) {
        let mut wire = in_records(&hello.message(), &sizes);
        apply(&edits, &mut wire);
        oracle::assert_agreement(&wire);
    }

    #[test]
    fn a_message_with_edits_is_read_as_rustls_reads_it(
        hello in built(),
        sizes in record_sizes(),
        edits in vec(edit(), 1..4),
    ) {
        let mut message = hello.message();
        apply(&edits, &mut message);
        oracle::assert_agreement(&in_records(&message, &sizes));
    }

    #[test]
    fn a_post_quantum_hello_with_edits_is_read_as_rustls_reads_it(
        sizes in record_sizes(),
        edits in vec(edit(), 0..4),
    ) {
        let hello = hello::post_quantum("hello-0.hello.demo.svc.cluster.local", &["h2", "istio"]);
        let mut wire = in_records(&hello::message(&hello), &sizes);
        apply(&edits, &mut wire);
        oracle::assert_agreement(&wire);
    }

    #[test]
    fn any_bytes_are_read_as_rustls_reads_them(
        head in select(vec![&[][..], &[22], &[22, 3, 1], &[22, 3, 1, 0, 50, 1, 0, 0, 46]]),
        bytes in vec(any::<u8>(), 0..200),
    ) {
        oracle::assert_agreement(&[head, &bytes].concat());
    }
}
