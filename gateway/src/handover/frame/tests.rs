use proptest::prelude::*;

use super::*;

fn text() -> impl Strategy<Value = String> {
    "[a-z0-9_.é-]{0,80}"
}

fn address() -> impl Strategy<Value = SocketAddr> {
    prop_oneof![
        any::<([u8; 4], u16)>().prop_map(SocketAddr::from),
        // Of IPv6 those that stand for IPv4 come back as such.
        any::<([u16; 7], u16)>().prop_map(|(words, port)| {
            let [a, b, c, d, e, f, g] = words;
            SocketAddr::from(([0x2001, a, b, c, d, e, f, g], port))
        }),
    ]
}

fn way() -> impl Strategy<Value = DescribedWay> {
    (
        prop::sample::select(&Stage::ALL[..]),
        prop::collection::vec(any::<u8>(), 0..3000),
        any::<Option<u64>>(),
    )
        .prop_map(|(stage, bytes, piped)| DescribedWay {
            stage,
            bytes,
            piped,
        })
}

fn described() -> impl Strategy<Value = Described> {
    (
        any::<(u64, Option<u64>, [u64; 2], u64)>(),
        (address(), address()),
        prop::option::of(text()),
        [way(), way()],
    )
        .prop_map(
            |((id, connection_id, bytes, age_micros), (peer, upstream), route, ways)| Described {
                id,
                connection_id,
                peer,
                upstream,
                route,
                bytes,
                age_micros,
                ways,
            },
        )
}

fn frame() -> impl Strategy<Value = Frame> {
    prop_oneof![
        (any::<u16>(), any::<u32>(), text(), text()).prop_map(
            |(version, process, build, invocation)| {
                Frame::Hello(Hello {
                    version,
                    process,
                    build,
                    invocation,
                })
            }
        ),
        text().prop_map(Frame::Refused),
        (
            prop::collection::vec((text(), any::<bool>()), 0..9),
            any::<u64>(),
            any::<u64>(),
            any::<u64>()
        )
            .prop_map(|(names, open, number, watchdog_micros)| Frame::Listeners {
                offered: names
                    .into_iter()
                    .map(|(name, supervised)| Offered { name, supervised })
                    .collect(),
                open,
                number,
                watchdog_micros,
            }),
        Just(Frame::Ready),
        described().prop_map(|described| Frame::Connection(Box::new(described))),
        Just(Frame::EndOfBatch),
        prop::collection::vec(any::<bool>(), 0..70).prop_map(Frame::Taken),
        any::<u64>().prop_map(|staying| Frame::Done { staying }),
        Just(Frame::Farewell),
        Just(Frame::Back),
    ]
}

/// Kind and body of an encoded frame, as a reader finds them.
fn parts(bytes: &[u8]) -> (u8, u8, &[u8]) {
    let (header, body) = bytes.split_at(HEADER);
    let length = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
    assert_eq!(length as usize, body.len());
    (header[4], header[5], body)
}

proptest! {
    #[test]
    fn what_is_said_is_understood(frame in frame(), descriptors in 0usize..=MOST_DESCRIPTORS) {
        let bytes = frame.encode(descriptors).unwrap();
        let (kind, count, body) = parts(&bytes);
        prop_assert_eq!(usize::from(count), descriptors);
        prop_assert_eq!(Frame::decode(kind, body), Ok(frame));
    }

    #[test]
    fn a_frame_that_is_cut_or_goes_on_is_an_error(frame in frame(), cut in any::<prop::sample::Index>()) {
        let bytes = frame.encode(0).unwrap();
        let (kind, _, body) = parts(&bytes);
        if !body.is_empty() {
            prop_assert!(Frame::decode(kind, &body[..cut.index(body.len())]).is_err());
        }
        let longer = [body, &[0]].concat();
        prop_assert!(Frame::decode(kind, &longer).is_err());
    }

    #[test]
    fn whatever_comes_is_understood_as_it_would_be_said_or_is_an_error(
        kind in 0u8..12,
        body in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        if let Ok(frame) = Frame::decode(kind, &body) {
            let bytes = frame.encode(0).unwrap();
            prop_assert_eq!(Frame::decode(kind, parts(&bytes).2), Ok(frame));
        }
    }
}

#[test]
fn somebody_else_is_not_taken_for_a_gateway() {
    let hello = Frame::Hello(Hello {
        version: VERSION,
        process: 1,
        build: "1".to_owned(),
        invocation: String::new(),
    });
    let mut bytes = hello.encode(0).unwrap();
    bytes[HEADER] ^= 1;
    let (kind, _, body) = parts(&bytes);
    assert_eq!(Frame::decode(kind, body), Err(FrameError::NoGateway));
}

#[test]
fn what_is_too_much_for_a_frame_is_not_sent() {
    let way = |length| DescribedWay {
        stage: Stage::Carrying,
        bytes: vec![7; length],
        piped: None,
    };
    let described = |length| {
        Frame::Connection(Box::new(Described {
            id: 1,
            connection_id: Some(u64::MAX),
            peer: ([127, 0, 0, 1], 1).into(),
            upstream: ([127, 0, 0, 1], 2).into(),
            route: Some("x".repeat(253)),
            bytes: [0; 2],
            age_micros: 0,
            ways: [way(length), way(length)],
        }))
    };
    assert!(described(Transit::MOST_BYTES).encode(6).is_ok());
    let too_long = described(MOST_BODY).encode(6);
    assert!(matches!(too_long, Err(FrameError::TooLong(_))));
    let too_many = Frame::Ready.encode(MOST_DESCRIPTORS + 1);
    assert_eq!(too_many, Err(FrameError::TooManyDescriptors(9)));
    let text = "é".repeat(4000);
    let bytes = Frame::Refused(text.clone()).encode(0).unwrap();
    let (kind, _, body) = parts(&bytes);
    let Ok(Frame::Refused(short)) = Frame::decode(kind, body) else {
        panic!("not understood");
    };
    assert!(text.starts_with(&short) && short.len() == 1024);
}
