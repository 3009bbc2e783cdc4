//! A certificate as the status shows it.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::moment::Moment;

/// Less than this is left of one that somebody should have replaced by now: as the alert
/// `EastwestCertificateEnds` of `deploy/observe`.
const SOON: Duration = Duration::from_secs(3600);

/// A certificate that a server uses.
#[derive(Debug, Clone)]
pub struct HeldCertificate {
    name: &'static str,
    subject: String,
    file: PathBuf,
    not_before: SystemTime,
    not_after: SystemTime,
}

impl HeldCertificate {
    /// One for `name` that is valid in this time, both ends of it included.
    pub fn new(
        name: &'static str,
        subject: String,
        file: PathBuf,
        valid: RangeInclusive<SystemTime>,
    ) -> Self {
        let (not_before, not_after) = valid.into_inner();
        Self {
            name,
            subject,
            file,
            not_before,
            not_after,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum CertificateState {
    Valid,
    Expiring,
    Expired,
    NotYetValid,
}

/// The same judged.
#[derive(Debug, Serialize)]
pub(super) struct CertificateStatus {
    name: &'static str,
    subject: String,
    file: PathBuf,
    not_before: Moment,
    not_after: Moment,
    seconds_left: i64,
    state: CertificateState,
    reason: Option<&'static str>,
}

impl CertificateStatus {
    pub(super) fn of(held: HeldCertificate, now: SystemTime) -> Self {
        let (state, reason) = if now < held.not_before {
            let why = "it is not valid yet, and peers refuse it: compare this machine's clock with the issuer's";
            (CertificateState::NotYetValid, Some(why))
        } else if now > held.not_after {
            let why = "it has ended, and peers refuse it until its file is replaced";
            (CertificateState::Expired, Some(why))
        } else if held.not_after < now + SOON {
            let why = "it ends within the hour, and nobody has replaced its file";
            (CertificateState::Expiring, Some(why))
        } else {
            (CertificateState::Valid, None)
        };
        let left = Moment(held.not_after).seconds_since(now);
        Self {
            name: held.name,
            subject: held.subject,
            file: held.file,
            not_before: Moment(held.not_before),
            not_after: Moment(held.not_after),
            seconds_left: left.floor() as i64,
            state,
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn a_certificate_is_judged_by_the_clock() {
        let at = |hours: u64| UNIX_EPOCH + Duration::from_secs(hours * 3600);
        let held = HeldCertificate::new(
            "workload",
            "spiffe://cluster.local/ns/pxc/sa/db".to_owned(),
            "/certs/cert-chain.pem".into(),
            at(10)..=at(34),
        );
        let minute = Duration::from_secs(60);
        for (now, state, left) in [
            (at(9), CertificateState::NotYetValid, 25 * 3600),
            (at(10), CertificateState::Valid, 24 * 3600),
            (at(33) + minute, CertificateState::Expiring, 3540),
            (at(34) + minute, CertificateState::Expired, -60),
            (at(34) + minute / 600, CertificateState::Expired, -1),
        ] {
            let judged = CertificateStatus::of(held.clone(), now);
            assert_eq!((judged.state, judged.seconds_left), (state, left));
            assert_eq!(judged.reason.is_none(), state == CertificateState::Valid);
        }
    }
}
