//! What is sent arrives, in both directions and both versions, over key changes and any split.

use proptest::collection::vec;
use proptest::prelude::*;

use super::peers::Peers;
use crate::tls::{MinTls, Side};

/// What a peer does.
#[derive(Debug, Clone)]
enum Act {
    Send(Vec<u8>),
    /// TLS 1.3 only.
    ChangeKey,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let bytes = (1..70_000_usize, any::<u8>())
        .prop_map(|(length, seed)| (0..length).map(|at| seed ^ (at % 251) as u8).collect());
    vec(
        prop_oneof![4 => bytes.prop_map(Act::Send), 1 => Just(Act::ChangeKey)],
        1..6,
    )
}

fn sides() -> impl Strategy<Value = (Side, MinTls)> {
    (
        prop_oneof![Just(Side::Client), Just(Side::Server)],
        prop_oneof![Just(MinTls::Tls13), Just(MinTls::Tls12)],
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn we_open_what_rustls_seals(
        (side, version) in sides(),
        acts in acts(),
        reads in vec(1..40_000_usize, 1..5),
    ) {
        let mut peers = Peers::meet(side, version);
        let (mut wire, mut sent) = (Vec::new(), Vec::new());
        for act in &acts {
            match act {
                Act::Send(bytes) => {
                    wire.extend(peers.theirs_seal(bytes));
                    sent.extend_from_slice(bytes);
                }
                Act::ChangeKey if version == MinTls::Tls13 => {
                    peers.theirs.refresh_traffic_keys().unwrap();
                }
                Act::ChangeKey => {}
            }
        }
        peers.theirs.send_close_notify();
        wire.extend(peers.theirs_seal(&[]));
        let (got, ended) = peers.ours_open(&wire, &reads).unwrap();
        prop_assert!(got == sent, "{} of {} bytes, or others", got.len(), sent.len());
        prop_assert!(ended);
    }

    #[test]
    fn rustls_opens_what_we_seal(
        (side, version) in sides(),
        pieces in vec(1..70_000_usize, 1..6),
    ) {
        let mut peers = Peers::meet(side, version);
        for (number, length) in pieces.into_iter().enumerate() {
            // Each time rustls changes its own key it asks for one of ours.
            if version == MinTls::Tls13 && number % 2 == 1 {
                peers.theirs.refresh_traffic_keys().unwrap();
                let wire = peers.theirs_seal(b"x");
                peers.ours_open(&wire, &[usize::MAX]).unwrap();
            }
            let sent: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let wire = peers.ours_seal(&sent).unwrap();
            let (got, ended) = peers.theirs_open(&wire);
            prop_assert!(got == sent, "{} of {} bytes, or others", got.len(), sent.len());
            prop_assert!(!ended);
        }
        let end = peers.ours.close().unwrap().bytes().to_vec();
        prop_assert_eq!(peers.theirs_open(&end), (Vec::new(), true));
    }

    #[test]
    fn no_changed_bit_gets_through(
        (side, version) in sides(),
        length in 1..40_000_usize,
        at in any::<proptest::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let mut peers = Peers::meet(side, version);
        let sent: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let mut wire = peers.theirs_seal(&sent);
        // Of a header TLS 1.3 authenticates all, TLS 1.2 what it says; a length that grows is a record
        // that never gets whole.
        let place = at.index(wire.len());
        wire[place] ^= 1 << bit;
        if let Ok((got, ended)) = peers.ours_open(&wire, &[usize::MAX]) {
            prop_assert!(sent.starts_with(&got) && !ended);
            let version_of_tls12 = version == MinTls::Tls12 && got == sent;
            prop_assert!(got.len() < sent.len() || version_of_tls12, "byte {place} bit {bit}");
        }
    }
}

#[test]
fn both_answer_a_change_of_keys_before_their_next_data() {
    for side in [Side::Client, Side::Server] {
        let mut peers = Peers::meet(side, MinTls::Tls13);
        peers.theirs.refresh_traffic_keys().unwrap();
        let wire = peers.theirs_seal(b"new key");
        assert_eq!(
            peers.ours_open(&wire, &[usize::MAX]).unwrap(),
            (b"new key".to_vec(), false)
        );
        let first = peers.ours_seal(b"x").unwrap().len();
        let second = peers.ours_seal(b"x").unwrap().len();
        // A KeyUpdate is a record of five bytes of content.
        assert_eq!(first - second, 5 + 5 + 1 + 16);
    }
}
