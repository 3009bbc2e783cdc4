//! Records without a relay.

use super::peers::secured;
use crate::tls::MinTls;
use crate::tls::record::{Frame, MOST_PLAINTEXT};

/// A place for `plaintext` with the frame around it.
fn framed(frame: Frame, plaintext: &[u8]) -> Vec<u8> {
    let mut record = vec![0; frame.front];
    record.extend_from_slice(plaintext);
    record.resize(record.len() + frame.back, 0);
    record
}

#[test]
fn what_one_end_seals_the_other_opens() {
    for version in [MinTls::Tls12, MinTls::Tls13] {
        let (mut client, mut server) = secured(version);
        for length in [1, 64, MOST_PLAINTEXT] {
            let plaintext = vec![7; length];
            let mut record = framed(client.frame(), &plaintext);
            client.seal(&mut record).unwrap();
            assert_ne!(record, framed(client.frame(), &plaintext));
            let range = server.open(&mut record).unwrap();
            assert_eq!(record[range], plaintext);
        }
    }
}

#[test]
fn what_is_no_whole_record_of_data_is_an_error() {
    let (mut client, mut server) = secured(MinTls::Tls13);
    let mut record = framed(client.frame(), b"greeting");
    client.seal(&mut record).unwrap();
    let mut partial = record.clone();
    partial.pop();
    assert!(server.open(&mut partial).is_err());
    let mut end = client.session.close().unwrap().bytes().to_vec();
    record[6] ^= 1;
    assert!(server.open(&mut record).is_err());
    assert!(server.open(&mut end).is_err());
    let mut large = framed(client.frame(), &[0; MOST_PLAINTEXT + 1]);
    assert!(client.seal(&mut large).is_err());
}
