//! Any bytes as a certificate: where we and webpki, which verifies the chain, both read it, both read
//! the same name and serial number in it; a message about it stays short.

use eastwest_transport::tls::{Svid, Utc, peer_id};
use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

pub(crate) fn check(der: &[u8]) {
    let certificate = CertificateDer::from(der);
    let read = Svid::from_der(der);
    let id = read.as_ref().map(|svid| svid.id.clone());
    assert_eq!(
        peer_id(Some(std::slice::from_ref(&certificate))),
        id.map_err(Clone::clone)
    );
    let svid = match read {
        Ok(svid) => svid,
        Err(error) => {
            assert!(error.to_string().len() < 5_000, "{error}");
            return;
        }
    };
    assert_eq!(svid.id.as_str().parse().as_ref(), Ok(&svid.id));
    let (first, last) = (svid.validity.not_before, svid.validity.not_after);
    assert_eq!(svid.validity.check(first).is_ok(), first <= last);
    assert!(!Utc(first).to_string().is_empty());
    let longer = [der, &[0]].concat();
    let (shorter, _) = der.split_at(der.len() - 1);
    assert!(Svid::from_der(&longer).is_err() && Svid::from_der(shorter).is_err());

    if let Ok(theirs) = EndEntityCert::try_from(&certificate) {
        let uris: Vec<_> = theirs.valid_uri_names().collect();
        assert_eq!(uris, [svid.id.as_str()]);
        let digits = theirs.serial().iter().map(|byte| format!("{byte:02x}"));
        assert_eq!(svid.serial, digits.collect::<String>());
    }
}
