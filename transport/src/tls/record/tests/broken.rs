//! Peers that break the rules, or the connection.

use proptest::collection::vec;
use proptest::prelude::*;
use rustls::AlertDescription;

use super::peers::{both, record};
use crate::tls::record::session::CONTROL;
use crate::tls::record::{ContentType, Opened, RecordError};
use crate::tls::{MinTls, peer_alert};

/// What our client makes of a record that its server, ours too, has sealed.
fn after(kind: ContentType, contents: &[&[u8]], version: MinTls) -> Result<Opened, RecordError> {
    let mut peers = both(version);
    let mut last = Ok(Opened::Partial);
    for content in contents {
        let mut sealed = record(&mut peers.1, kind, content);
        last = Ok(peers.0.open(&mut sealed)?);
    }
    last
}

fn nothing(result: Result<Opened, RecordError>) -> bool {
    matches!(result, Ok(Opened::Record { plaintext, .. }) if plaintext.is_empty())
}

fn broken(result: Result<Opened, RecordError>) -> bool {
    matches!(result, Err(RecordError::Broken(_)))
}

#[test]
fn a_fatal_alert_is_passed_on_as_one() {
    for version in [MinTls::Tls13, MinTls::Tls12] {
        let error = after(ContentType::Alert, &[&[2, 49]], version).unwrap_err();
        assert_eq!(error, RecordError::Alert(AlertDescription::AccessDenied));
        assert!(peer_alert(&error.into()).unwrap().is_refusal());
    }
}

#[test]
fn a_warning_is_one_in_tls_1_2_only() {
    let no_renegotiation: &[u8] = &[1, 100];
    assert!(nothing(after(
        ContentType::Alert,
        &[no_renegotiation],
        MinTls::Tls12
    )));
    assert!(after(ContentType::Alert, &[no_renegotiation], MinTls::Tls13).is_err());
}

#[test]
fn the_end_is_the_end_whatever_level_it_has() {
    for level in [1, 2] {
        let end = after(ContentType::Alert, &[&[level, 0]], MinTls::Tls13);
        assert_eq!(end.unwrap(), Opened::End);
    }
    assert!(nothing(after(
        ContentType::Alert,
        &[&[1, 90]],
        MinTls::Tls13
    )));
}

#[test]
fn an_alert_of_another_length_breaks_the_rules() {
    for content in [&[][..], &[2], &[2, 49, 0]] {
        assert!(broken(after(ContentType::Alert, &[content], MinTls::Tls13)));
    }
}

#[test]
fn a_ticket_is_passed_over_however_it_is_cut() {
    let ticket = [&[4, 0, 0, 9][..], &[7; 9]].concat();
    assert!(nothing(after(
        ContentType::Handshake,
        &[&ticket],
        MinTls::Tls13
    )));
    for cut in 1..ticket.len() {
        let (one, other) = ticket.split_at(cut);
        let twice = [other, &ticket].concat();
        assert!(nothing(after(
            ContentType::Handshake,
            &[one, &twice],
            MinTls::Tls13
        )));
    }
}

#[test]
fn nothing_may_come_between_the_parts_of_a_message() {
    let mut peers = both(MinTls::Tls13);
    let mut begun = record(&mut peers.1, ContentType::Handshake, &[4, 0, 0, 9, 1]);
    assert!(nothing(peers.0.open(&mut begun)));
    let mut data = record(&mut peers.1, ContentType::Data, b"x");
    assert!(broken(peers.0.open(&mut data)));
}

#[test]
fn a_key_update_is_alone_at_the_end_of_its_record() {
    for content in [&[24, 0, 0, 1, 2][..], &[24, 0, 0, 1, 0, 4]] {
        let update = after(ContentType::Handshake, &[content], MinTls::Tls13);
        assert!(broken(update), "{content:?}");
    }
}

#[test]
fn a_key_update_may_go_over_two_records() {
    let mut peers = both(MinTls::Tls13);
    let mut header = record(&mut peers.1, ContentType::Handshake, &[24, 0, 0, 1]);
    assert!(nothing(peers.0.open(&mut header)));
    let mut rest = record(&mut peers.1, ContentType::Handshake, &[0]);
    assert!(nothing(peers.0.open(&mut rest)));
    // The sealer's key is still the old one, and the opener's is not.
    let mut data = record(&mut peers.1, ContentType::Data, b"x");
    assert!(peers.0.open(&mut data).is_err());
}

#[test]
fn the_handshake_does_not_begin_again() {
    for (version, kind) in [
        (MinTls::Tls13, 1),  // ClientHello
        (MinTls::Tls13, 13), // CertificateRequest
        (MinTls::Tls13, 0),
        (MinTls::Tls12, 1),
        (MinTls::Tls12, 24),
    ] {
        let again = after(ContentType::Handshake, &[&[kind, 0, 0, 1, 0]], version);
        assert!(broken(again), "{version:?} {kind}");
    }
    // RFC 5246 section 7.4.1.1: a client may ignore it.
    assert!(nothing(after(
        ContentType::Handshake,
        &[&[0, 0, 0, 0]],
        MinTls::Tls12
    )));
}

#[test]
fn records_without_data_do_not_go_on_for_ever() {
    let mut peers = both(MinTls::Tls13);
    let mut open = |content: &[u8]| {
        let mut sealed = record(&mut peers.1, ContentType::Data, content);
        peers.0.open(&mut sealed)
    };
    for _ in 0..32 {
        assert!(nothing(open(b"")));
    }
    assert!(open(b"x").is_ok());
    for _ in 0..32 {
        assert!(nothing(open(b"")));
    }
    assert!(broken(open(b"")));
}

#[test]
fn a_record_that_is_too_large_is_refused_at_its_header() {
    let mut peers = both(MinTls::Tls13);
    let mut header = [23, 3, 3, 0x41, 0x01];
    let refused = peers.0.open(&mut header);
    assert_eq!(refused, Err(RecordError::TooLarge));
    let mut largest = [23, 3, 3, 0x41, 0x00];
    assert_eq!(peers.0.open(&mut largest), Ok(Opened::Partial));
}

#[test]
fn what_is_in_clear_or_no_tls_is_refused() {
    let mut peers = both(MinTls::Tls13);
    let mut alert = [21, 3, 3, 0, 2, 2, 49];
    assert!(broken(peers.0.open(&mut alert)));
    let mut mysql = [23, 0, 0, 0, 10];
    assert!(broken(peers.0.open(&mut mysql)));
}

#[test]
fn a_record_is_good_once() {
    let mut peers = both(MinTls::Tls13);
    let sealed = record(&mut peers.1, ContentType::Data, b"once");
    assert!(peers.0.open(&mut sealed.clone()).is_ok());
    let again = peers.0.open(&mut sealed.clone());
    assert_eq!(again, Err(RecordError::NotAuthentic));
}

#[test]
fn every_record_that_is_not_data_has_room() {
    for version in [MinTls::Tls13, MinTls::Tls12] {
        let mut peers = both(version);
        assert!(peers.0.close().unwrap().bytes().len() <= CONTROL);
    }
}

/// A record of any kind that a peer can seal, and whether its content is the app's.
fn any_record() -> impl Strategy<Value = (ContentType, Vec<u8>)> {
    let kind = prop_oneof![
        4 => Just(ContentType::Data),
        2 => Just(ContentType::Handshake),
        1 => Just(ContentType::Alert),
    ];
    // As much as a record that is not data has room for; small values are the meaningful ones.
    let content = vec(prop_oneof![3 => 0..5_u8, 1 => any::<u8>()], 0..30);
    let meant = prop_oneof![
        Just(vec![24, 0, 0, 1, 0]),
        Just(vec![4, 0, 0, 2, 7, 7]),
        Just(vec![4, 0, 0]),
        Just(vec![1, 0]),
    ];
    (kind, prop_oneof![2 => content, 1 => meant])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// The keys of the two would no longer fit after a `KeyUpdate` that was not one of the sealer's, so
    /// what comes behind is not authentic; and that is all that may happen.
    #[test]
    fn whatever_a_peer_seals_is_opened_or_refused(
        tls13 in any::<bool>(),
        records in vec(any_record(), 1..20),
    ) {
        let version = if tls13 { MinTls::Tls13 } else { MinTls::Tls12 };
        let (mut client, mut server) = both(version);
        for (kind, content) in &records {
            let mut sealed = record(&mut server, *kind, content);
            match client.open(&mut sealed) {
                Ok(Opened::Record { plaintext, record }) => {
                    prop_assert_eq!(record, sealed.len());
                    let data: &[u8] = if *kind == ContentType::Data { content } else { &[] };
                    prop_assert_eq!(&sealed[plaintext], data);
                }
                Ok(Opened::End) | Err(_) => break,
                Ok(Opened::Partial) => prop_assert!(false, "a whole record is not whole"),
            }
        }
    }
}
