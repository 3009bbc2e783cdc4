//! Which routes are walked, and all of them.

use std::sync::Arc;

use eastwest_mesh::{Code, DownRoute, Finding, Mesh, Route, Severity};
use tokio::task::JoinSet;

use super::aliases::Wanted;
use super::args::DoctorArgs;
use super::completed::Completed;
use super::error::DoctorError;
use super::fault::Fault;
use super::look::Broken;
use super::names::Names;
use super::report::{Examined, Report};
use super::unknown;
use super::walk::Walked;
use super::way::Way;

use crate::progress::Progress;

/// Walks at a time: as many handshakes as nobody minds.
const AT_A_TIME: usize = 16;
/// Findings that are told: `eastwest lint` has all of them.
const FINDINGS: usize = 10;

/// Walks the routes that were asked for, in the order of the manifests.
pub(super) async fn all(given: &DoctorArgs, progress: &Progress) -> Result<Report, DoctorError> {
    let Completed {
        args,
        mut notes,
        lacking,
    } = Completed::of(given).await;
    let routes = match lacking {
        Some(lacking) => unknown::look(&args, lacking, &mut notes).await?,
        None => walked(&args, progress, &mut notes).await?,
    };
    Ok(Report { notes, routes })
}

async fn walked(
    args: &DoctorArgs,
    progress: &Progress,
    notes: &mut Vec<String>,
) -> Result<Vec<Examined>, DoctorError> {
    let mesh = args.mesh()?;
    let wanted = wanted(args, &mesh, notes)?;
    let start = Arc::new(args.start()?);
    let mut examined = down(args, &mesh, &wanted);
    let routes = mesh.routes.iter();
    let routes: Vec<&Route> = routes
        .filter(|route| wanted.has(&route.alias, Some(route.port)))
        .collect();
    let total = examined.len() + routes.len();
    for some in routes.chunks(AT_A_TIME) {
        let mut walking = JoinSet::new();
        for (at, route) in some.iter().enumerate() {
            let (start, route) = (Arc::clone(&start), Route::clone(route));
            let names = args.name(Names::of(&route));
            walking.spawn(async move { (at, start.walk(&route, names).await) });
        }
        let mut walked: Vec<(usize, Walked)> = Vec::with_capacity(some.len());
        while let Some(one) = walking.join_next().await {
            walked.push(one?);
            let done = examined.len() + walked.len();
            progress.now(format!("walking: {done} of {total} routes"));
        }
        walked.sort_by_key(|(at, _)| *at);
        let each = some.iter().zip(walked);
        examined.extend(each.map(|(route, (_, walked))| Examined {
            alias: route.alias.to_string(),
            port: Some(route.port.get()),
            walked,
        }));
    }
    Ok(examined)
}

/// Which aliases are wanted; what can't be read of the manifests is a note, or why one of them is not there.
pub(super) fn wanted<'a>(
    args: &DoctorArgs,
    mesh: &'a Mesh,
    notes: &mut Vec<String>,
) -> Result<Wanted<'a>, DoctorError> {
    let unread = unread(mesh);
    let wanted = Wanted::of(args, mesh).map_err(|error| error.beside(&unread))?;
    notes.extend(unread);
    Ok(wanted)
}

/// What is wanted, and of which no route can be made.
pub(super) fn down(args: &DoctorArgs, mesh: &Mesh, wanted: &Wanted<'_>) -> Vec<Examined> {
    let down = mesh.down.iter();
    down.filter(|down| wanted.has(&down.alias, down.port))
        .map(|down| is_down(args, down))
        .collect()
}

/// What may have held an alias, and is not known to.
fn unread(mesh: &Mesh) -> Vec<String> {
    let lost = |finding: &&Finding| {
        let unreadable = [Code::NotYaml, Code::NoObject, Code::UnknownKind];
        finding.severity == Severity::Error && unreadable.contains(&finding.code)
    };
    let findings = mesh.findings.iter().filter(lost);
    findings.take(FINDINGS).map(ToString::to_string).collect()
}

fn is_down(args: &DoctorArgs, down: &DownRoute) -> Examined {
    let seen = format!("{} ({})", down.reason, down.origin);
    let broken = Broken::new(Fault::AliasDown, seen);
    let mut way = Way::new();
    let _: Result<(), Broken> = way.hop(Err(broken.clone()));
    Examined {
        alias: down.alias.to_string(),
        port: down.port.map(std::num::NonZero::get),
        walked: Walked {
            way,
            broken: Some((broken, args.name(Names::default()))),
            notes: Vec::new(),
        },
    }
}
