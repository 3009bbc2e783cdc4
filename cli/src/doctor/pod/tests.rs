//! What each refusal is called.

use eastwest_transport::tls::SvidError;
use rustls::AlertDescription;

use super::*;

fn refused(fault: PeerFault, claimed: &str) -> Fault {
    let claimed = Some(claimed.parse().unwrap());
    of_refusal(&PeerError { claimed, fault }, "td")
}

#[test]
fn a_pod_that_we_refuse_is_told_by_what_is_wrong_with_it() {
    let now = std::time::SystemTime::now();
    let early = ValidityError::NotYet {
        not_before: now,
        now,
    };
    let late = ValidityError::Expired {
        not_after: now,
        now,
    };
    let not_allowed = PeerFault::NotAllowed(String::new());
    let other_name = PeerFault::OtherName {
        expected: String::new(),
        carried: Vec::new(),
    };
    let ours = "spiffe://td/ns/demo/sa/hello";
    for (fault, claimed, is) in [
        (not_allowed.clone(), ours, Fault::PodOtherAccount),
        (
            not_allowed,
            "spiffe://other/ns/demo/sa/hello",
            Fault::PodOtherTrustDomain,
        ),
        (other_name, ours, Fault::PodOtherName),
        (
            PeerFault::UnknownRoot(String::new()),
            ours,
            Fault::PodOtherRoot,
        ),
        (
            PeerFault::Validity(early),
            ours,
            Fault::PodCertificateNotYetValid,
        ),
        (PeerFault::Issuer(late), ours, Fault::PodCertificateExpired),
        (
            PeerFault::Svid(SvidError::Authority),
            ours,
            Fault::PodCertificateUnusable,
        ),
    ] {
        assert_eq!(refused(fault.clone(), claimed), is, "{fault}");
    }
}

#[test]
fn a_pod_that_refuses_us_is_told_by_its_alert() {
    for (alert, is) in [
        (PeerAlert::NotAllowed, Fault::IdentityNotAllowed),
        (PeerAlert::UnknownRoot, Fault::OurRootUnknown),
        (PeerAlert::Expired, Fault::ClockSkew),
        (
            PeerAlert::BadCertificate(AlertDescription::CertificateUnknown),
            Fault::IdentityRefused,
        ),
        (PeerAlert::TlsVersion, Fault::TlsVersion),
        (
            PeerAlert::Other(AlertDescription::DecodeError),
            Fault::HandshakeBroken,
        ),
    ] {
        assert_eq!(of_alert(alert), is, "{alert}");
    }
}
