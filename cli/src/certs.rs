//! Certificates: the shared root, one intermediate CA for each cluster in the layout of Istio's
//! `cacerts` secret, and workload certificates with SPIFFE IDs.
//!
//! The shapes follow Istio's own (`security/pkg/pki/util/generate_cert.go`), so its parts and ours
//! can stand side by side under one root.

use std::time::{Duration, SystemTime};

use eastwest_transport::tls::Validity;

mod ca;
mod cacerts;
mod command;
mod error;
mod files;
mod key;
#[cfg(test)]
mod tests;
mod workload;

pub use ca::Ca;
pub use command::{CertsArgs, run};
pub use error::CertError;
pub use files::Overwrite;
pub use key::KeyKind;
pub use workload::{Workload, WorkloadRequest};

/// How far a certificate reaches back, for clocks that are behind; Istio takes the same.
const CLOCK_SKEW: Duration = Duration::from_secs(120);

/// From two minutes ago until `ttl` from now.
pub fn valid_for(ttl: Duration) -> Validity {
    let now = SystemTime::now();
    Validity {
        not_before: now - CLOCK_SKEW,
        not_after: now.checked_add(ttl).unwrap_or(now),
    }
}
