//! The roots that peers' chains must lead to.

use std::borrow::Cow;
use std::time::SystemTime;

use rustls::pki_types::{CertificateDer, TrustAnchor};
use thiserror::Error;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::crypto::sha256;
use super::proven::Proven;
use super::svid::hex;
use super::validity::{Utc, Validity};

/// A root of trust, as people know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootInfo {
    /// Its subject, e.g. `O=Istio, CN=Root CA`.
    pub subject: String,
    /// SHA-256 of the certificate in lower-case hexadecimal.
    pub fingerprint: String,
    /// When it is valid.
    pub validity: Validity,
}

/// Several roots at a time, so that one can follow another without a gap.
#[derive(Debug)]
pub(super) struct Roots {
    anchors: Vec<TrustAnchor<'static>>,
    infos: Vec<RootInfo>,
    proven: Proven,
}

impl Roots {
    /// Takes all certificates. Those outside their validity are kept, and passed over for as long as
    /// they are: a root may begin or end while the process runs.
    ///
    /// # Errors
    /// If one cannot be read, or none is valid now.
    pub(super) fn new(
        certificates: &[CertificateDer<'static>],
        now: SystemTime,
    ) -> Result<Self, RootError> {
        let mut roots = Self {
            anchors: Vec::new(),
            infos: Vec::new(),
            proven: Proven::default(),
        };
        for (index, certificate) in certificates.iter().enumerate() {
            let broken = |why: String| RootError::Broken {
                position: index + 1,
                why,
            };
            let (_, parsed) = X509Certificate::from_der(certificate)
                .map_err(|error| broken(error.to_string()))?;
            let anchor = webpki::anchor_from_trusted_cert(certificate)
                .map_err(|error| broken(error.to_string()))?;
            roots.anchors.push(anchor.to_owned());
            roots.infos.push(info(certificate, &parsed));
        }
        match roots.infos.last() {
            None => Err(RootError::Empty),
            Some(_) if roots.valid(now).next().is_some() => Ok(roots),
            Some(root) => Err(RootError::NoneValid {
                subject: root.subject.clone(),
                not_before: Utc(root.validity.not_before).to_string(),
                not_after: Utc(root.validity.not_after).to_string(),
                now: Utc(now).to_string(),
            }),
        }
    }

    /// What webpki may trust at the time `now`. It knows roots by name and key only, so that it would
    /// go on trusting one that has expired.
    pub(super) fn anchors(&self, now: SystemTime) -> Cow<'_, [TrustAnchor<'static>]> {
        if self.valid(now).count() == self.anchors.len() {
            return Cow::Borrowed(&self.anchors);
        }
        let valid = self.valid(now).map(|(anchor, _)| anchor.clone());
        Cow::Owned(valid.collect())
    }

    fn valid(&self, now: SystemTime) -> impl Iterator<Item = (&TrustAnchor<'static>, &RootInfo)> {
        let all = self.anchors.iter().zip(&self.infos);
        all.filter(move |(_, info)| info.validity.check(now).is_ok())
    }

    /// When a root that webpki has named is valid. One key may stand in several roots, of which one that
    /// is valid at `now` counts.
    pub(super) fn validity_of(&self, root: &TrustAnchor<'_>, now: SystemTime) -> Option<Validity> {
        let mut valid = self.valid(now);
        valid
            .find(|(anchor, _)| *anchor == root)
            .map(|(_, info)| info.validity)
    }

    /// The chains that were found to lead to these roots.
    pub(super) fn proven(&self) -> &Proven {
        &self.proven
    }

    pub(super) fn infos(&self) -> &[RootInfo] {
        &self.infos
    }

    /// The roots in a few words, for messages, each with what keeps it from being used at `now`.
    pub(super) fn describe(&self, now: SystemTime) -> String {
        let names = self.infos.iter().map(|root| {
            let fingerprint = root.fingerprint.get(..16).unwrap_or_default();
            let fault = root.validity.check(now).err();
            let fault = fault.map_or_else(String::new, |fault| format!(" which {fault}"));
            format!("{:?} sha256:{fingerprint}{fault}", root.subject)
        });
        names.collect::<Vec<_>>().join(", ")
    }
}

fn info(certificate: &CertificateDer<'_>, parsed: &X509Certificate<'_>) -> RootInfo {
    RootInfo {
        subject: parsed.subject().to_string(),
        fingerprint: hex(&sha256(&[certificate])),
        validity: Validity::of(parsed),
    }
}

/// Why a set of roots is of no use. The message goes on after the name of the file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RootError {
    /// No root at all.
    #[error("holds no root certificate")]
    Empty,
    /// One is not a certificate.
    #[error("holds a broken certificate (number {position}): {why}")]
    Broken {
        /// Which one, counted from 1.
        position: usize,
        /// What is wrong.
        why: String,
    },
    /// All of them are outside their validity; one is named.
    #[error(
        "holds no root that is valid now ({now}); \
         {subject:?}, for one, is valid from {not_before} to {not_after}"
    )]
    NoneValid {
        /// The subject of one of them.
        subject: String,
        /// When that one begins.
        not_before: String,
        /// When that one ends.
        not_after: String,
        /// The time of the check.
        now: String,
    },
}
