use proptest::prelude::*;

use super::*;
use crate::tls::pem;
use crate::tls::tests::mint::{Mint, uri};

const ID: &str = "spiffe://cluster.local/ns/pxc/sa/default";

fn leaf() -> Vec<u8> {
    let minted = Mint::root("root").leaf(ID);
    let chain = pem::certificates(minted.cert.as_bytes()).unwrap();
    chain.first().unwrap().to_vec()
}

#[test]
fn bytes_behind_the_certificate_are_refused() {
    let mut der = leaf();
    assert_eq!(Svid::from_der(&der).unwrap().id.as_str(), ID);
    der.push(0);
    assert_eq!(
        Svid::from_der(&der),
        Err(SvidError::Der("1 bytes follow it".to_owned()))
    );
}

#[test]
fn long_uris_are_not_said_whole() {
    let long = format!("spiffe://cluster.local/{}", "x".repeat(20_000));
    let minted = Mint::root("root").leaf_with(ID, |params| {
        params.subject_alt_names = vec![uri(&long), uri(&long)];
    });
    let chain = pem::certificates(minted.cert.as_bytes()).unwrap();
    let error = Svid::from_der(&chain[0]).unwrap_err();
    assert!(matches!(error, SvidError::SeveralUris { count: 2, .. }));
    assert!(error.to_string().len() < 1000, "{error}");
}

#[test]
fn no_certificate_at_all_is_missing() {
    assert_eq!(peer_id(None), Err(SvidError::Missing));
    assert_eq!(peer_id(Some(&[])), Err(SvidError::Missing));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(der in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = Svid::from_der(&der);
    }

    /// Peers may send what they like: a damaged certificate names its ID, another that is well
    /// formed, or nobody, and never breaks the reader.
    #[test]
    fn a_damaged_certificate_never_names_a_malformed_id(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut der = leaf();
        for (place, byte) in damage {
            let place = place.index(der.len());
            der[place] = byte;
        }
        if let Ok(svid) = Svid::from_der(&der) {
            prop_assert_eq!(svid.id.as_str().parse::<SpiffeId>().unwrap(), svid.id);
        }
    }
}

/// Tag 0x86 says URI, and 0xa6 says that there is more than one value in it.
#[test]
fn a_uri_that_only_one_of_two_readers_knows_is_refused() {
    let mut der = leaf();
    let length = u8::try_from(ID.len()).unwrap();
    let name: Vec<u8> = [&[0x86, length], ID.as_bytes()].concat();
    let at = der.windows(name.len()).position(|bytes| bytes == name);
    der[at.unwrap()] = 0xa6;
    assert_eq!(Svid::from_der(&der), Err(SvidError::InvalidName));
}
