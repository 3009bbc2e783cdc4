//! What is asked, completed by what the shim of this pod was started with.

use clap::ValueEnum;
use eastwest_shim::Mode;

use super::args::{DoctorArgs, TlsMin};
use super::error::DoctorError;
use super::settings::Settings;

/// Arguments with which ways can be walked.
pub(super) struct Completed {
    pub(super) args: DoctorArgs,
    /// What was told and can't be read.
    pub(super) notes: Vec<String>,
    /// What nobody has told, without which no way is walked further than to the shim.
    pub(super) lacking: Option<DoctorError>,
}

impl Completed {
    /// What is not given by a flag is as the shim, or the environment, says.
    pub(super) async fn of(given: &DoctorArgs) -> Self {
        let mut args = given.clone();
        let mut notes = Vec::new();
        if !args.outside {
            let told = Settings::of_pod(args.admin.get()).await;
            complete(&mut args, &told, &mut notes);
        }
        let lacking = if args.manifests.is_empty() {
            Some(DoctorError::NoManifests(args.admin))
        } else if args.certificate().is_none() && !args.outside {
            Some(DoctorError::NoIdentity(args.admin))
        } else {
            None
        };
        Self {
            args,
            notes,
            lacking,
        }
    }
}

fn complete(args: &mut DoctorArgs, told: &Settings, notes: &mut Vec<String>) {
    if args.manifests.is_empty() {
        args.manifests = told.paths("manifests");
    }
    if args.certificate().is_none() {
        let file = |flag| told.paths(flag).into_iter().next();
        args.identity = file("identity");
        args.cert = file("cert");
        args.key = file("key");
        args.roots = file("roots");
    }
    if args.mode.is_none() {
        args.mode = word::<Mode>(told, "mode", notes);
    }
    if args.tls_min.is_none() {
        args.tls_min = word::<TlsMin>(told, "tls-min", notes);
    }
    if args.port_offset.is_none() {
        args.port_offset = told.one("port-offset", notes);
    }
    if args.cluster_domain.is_none() {
        args.cluster_domain = told.one("cluster-domain", notes);
    }
    if args.ranges.is_empty() {
        args.ranges = told.all("range", |range| range.parse().ok(), notes);
    }
    if args.ready.is_none() {
        args.ready = told.one("ready-address", notes);
    }
}

fn word<T: ValueEnum>(told: &Settings, flag: &str, notes: &mut Vec<String>) -> Option<T> {
    let all = told.all(flag, |word| T::from_str(word, false).ok(), notes);
    all.into_iter().next()
}
