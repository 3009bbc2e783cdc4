//! The chain from a certificate to a root.

use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{Cert, EndEntityCert, KeyUsage, VerifiedPath};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::crypto::provider;
use super::peer::{PeerFault, Side};
use super::proven::Seen;
use super::roots::Roots;
use super::validity::{Validity, ValidityError, from_unix_time};

/// Verifies that a chain leads from `leaf` to one of `roots`, and may be used by the end `side`.
///
/// The rest of the chain may come in any order and may hold certificates that lead nowhere: Istio
/// sends the root too, at times twice. What counts are names, keys and signatures, never positions.
///
/// What has been verified once is not verified again: see [`super::proven`].
///
/// # Errors
/// If no chain can be found; with the fault of the best one.
pub(super) fn verify_chain(
    leaf: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
    roots: &Roots,
    side: Side,
    now: UnixTime,
) -> Result<(), PeerFault> {
    let usage = match side {
        Side::Server => KeyUsage::server_auth(),
        Side::Client => KeyUsage::client_auth(),
    };
    let seen = Seen::of(leaf, others, side);
    if roots.proven().holds(&seen, from_unix_time(now)) {
        return Ok(());
    }
    let verified = EndEntityCert::try_from(leaf).and_then(|end_entity| {
        let algorithms = provider().signature_verification_algorithms.all;
        let anchors = roots.anchors(from_unix_time(now));
        end_entity
            .verify_for_usage(algorithms, &anchors, others, now, usage, None, None)
            .map(|path| validity_of_path(leaf, &path, roots, now))
    });
    match verified {
        Ok(validity) => {
            if let Some(validity) = validity {
                roots.proven().remember(seen, validity);
            }
            Ok(())
        }
        Err(error) => Err(chain_fault(error, roots, side, now)),
    }
}

/// When every certificate of a path is valid, its root too.
fn validity_of_path(
    leaf: &CertificateDer<'_>,
    path: &VerifiedPath<'_>,
    roots: &Roots,
    now: UnixTime,
) -> Option<Validity> {
    let root = roots.validity_of(path.anchor(), from_unix_time(now))?;
    let issuers = path.intermediate_certificates().map(Cert::der);
    issuers
        .chain([leaf.clone()])
        .try_fold(root, |sofar, certificate| {
            let (_, parsed) = X509Certificate::from_der(&certificate).ok()?;
            Some(sofar.intersection(Validity::of(&parsed)))
        })
}

fn chain_fault(error: webpki::Error, roots: &Roots, side: Side, now: UnixTime) -> PeerFault {
    match error {
        webpki::Error::CertExpired { time, not_after } => {
            PeerFault::Issuer(ValidityError::Expired {
                not_after: from_unix_time(not_after),
                now: from_unix_time(time),
            })
        }
        webpki::Error::CertNotValidYet { time, not_before } => {
            PeerFault::Issuer(ValidityError::NotYet {
                not_before: from_unix_time(not_before),
                now: from_unix_time(time),
            })
        }
        // A signature that does not fit is what another root with the same name looks like.
        webpki::Error::UnknownIssuer | webpki::Error::InvalidSignatureForPublicKey => {
            PeerFault::UnknownRoot(roots.describe(from_unix_time(now)))
        }
        webpki::Error::RequiredEkuNotFoundContext(_) => PeerFault::WrongPurpose(side),
        webpki::Error::NameConstraintViolation => PeerFault::NameConstraint,
        other => PeerFault::Chain(other.to_string()),
    }
}
