//! The files of our certificate.

use std::time::{Duration, SystemTime};

use eastwest_transport::tls::{
    Identity, IdentityError, IdentityFiles, PeerFault, Utc, ValidityError,
};

use super::fault::Fault;
use super::look::{Broken, Look};
use super::own_files::OwnFiles;
use crate::certs::{Ca, KeyKind, Overwrite, WorkloadRequest, valid_for};

/// Longer than any walk.
const LIFE: Duration = Duration::from_secs(3600);

/// Reads them as the shim does.
pub(super) fn look(files: &OwnFiles, now: SystemTime) -> Result<(Identity, Look), Broken> {
    let identity = files
        .found()
        .and_then(|files| Identity::load(&files, now))
        .map_err(|error| Broken::new(fault(&error), error))?;
    let seen = format!(
        "{}, valid until {}",
        identity.id(),
        Utc(identity.not_after())
    );
    Ok((identity, Look::Fine(seen)))
}

/// Somebody of whom nobody has heard, whose certificate is never sent: who is shown the pod's has to judge
/// it first.
pub(super) fn nobody() -> Result<(Identity, Look), Broken> {
    let identity = made().map_err(|error| Broken::new(Fault::CertificateUnreadable, error))?;
    let why = "--identity is not given: the way is walked as far as the pod";
    Ok((identity, Look::skipped(why)))
}

fn made() -> anyhow::Result<Identity> {
    let validity = valid_for(LIFE);
    let root = Ca::root("nobody", KeyKind::default(), validity)?;
    let nobody = root.workload(&WorkloadRequest {
        id: "spiffe://doctor.eastwest.invalid/ns/none/sa/nobody".parse()?,
        dns_names: Vec::new(),
        key: KeyKind::default(),
        validity,
    })?;
    let folder = tempfile::tempdir()?;
    nobody.write(folder.path(), Overwrite::Replace)?;
    let files = IdentityFiles::in_dir(folder.path())?;
    Ok(Identity::load(&files, SystemTime::now())?)
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
