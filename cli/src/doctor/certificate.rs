//! The files of our certificate.

use std::path::Path;
use std::time::SystemTime;

use eastwest_transport::tls::{
    Identity, IdentityError, IdentityFiles, PeerFault, Utc, ValidityError,
};

use super::fault::Fault;
use super::look::{Broken, Look};

/// Reads them as the shim does.
pub(super) fn look(dir: &Path, now: SystemTime) -> Result<(Identity, Look), Broken> {
    let identity = IdentityFiles::in_dir(dir)
        .and_then(|files| Identity::load(&files, now))
        .map_err(|error| Broken::new(fault(&error), error))?;
    let seen = format!(
        "{}, valid until {}",
        identity.id(),
        Utc(identity.not_after())
    );
    Ok((identity, Look::Fine(seen)))
}

const fn fault(error: &IdentityError) -> Fault {
    match error {
        IdentityError::NoFiles { .. } | IdentityError::Read { .. } => Fault::CertificateMissing,
        IdentityError::Pem { .. }
        | IdentityError::Leaf { .. }
        | IdentityError::Key { .. }
        | IdentityError::BrokenDown => Fault::CertificateUnreadable,
        IdentityError::KeyMismatch { .. } => Fault::KeyMismatch,
        IdentityError::Roots { .. } => Fault::RootsUnusable,
        IdentityError::Validity { fault, .. } => of_time(fault),
        IdentityError::Chain { fault, .. } => match fault {
            PeerFault::Validity(time) | PeerFault::Issuer(time) => of_time(time),
            PeerFault::UnknownRoot(_) => Fault::CertificateOtherRoot,
            _ => Fault::CertificateUnreadable,
        },
    }
}

const fn of_time(error: &ValidityError) -> Fault {
    match error {
        ValidityError::Expired { .. } => Fault::CertificateExpired,
        ValidityError::NotYet { .. } => Fault::CertificateNotYetValid,
    }
}
