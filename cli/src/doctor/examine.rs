//! Which routes are walked, and all of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use eastwest_mesh::{Code, DownRoute, Finding, Mesh, Route, Severity};
use tokio::task::JoinSet;

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
        Some(lacking) => unknown::look(&args, lacking).await?,
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
    let unread = unread(&mesh);
    let wanted = wanted(args, &mesh).map_err(|error| error.beside(&unread))?;
    notes.extend(unread);
    let start = Arc::new(args.start()?);
    let mut examined: Vec<Examined> = mesh
        .down
        .iter()
        .filter(|down| wanted.contains(down.alias.as_str()))
        .map(|down| is_down(args, down))
        .collect();
    let routes = mesh.routes.iter();
    let routes: Vec<&Route> = routes
        .filter(|route| wanted.contains(route.alias.as_str()))
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

/// The aliases that were asked for, in full.
pub(super) fn wanted<'a>(
    args: &DoctorArgs,
    mesh: &'a Mesh,
) -> Result<BTreeSet<&'a str>, DoctorError> {
    let served = mesh.routes.iter().map(|route| route.alias.as_str());
    let down = mesh.down.iter().map(|down| down.alias.as_str());
    let known: BTreeSet<&str> = served.chain(down).collect();
    if known.is_empty() {
        return Err(DoctorError::Nothing);
    }
    if args.all {
        return Ok(known);
    }
    args.aliases
        .iter()
        .map(|asked| one(asked, &known))
        .collect()
}

/// The alias of that name, or the only one that begins with it.
fn one<'a>(asked: &str, known: &BTreeSet<&'a str>) -> Result<&'a str, DoctorError> {
    let asked = asked.trim_end_matches('.').to_ascii_lowercase();
    let begins = |alias: &&&str| {
        let rest = alias.strip_prefix(asked.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let which: Vec<&str> = known.iter().filter(begins).copied().collect();
    match which.as_slice() {
        [only] => Ok(only),
        [] => Err(DoctorError::NoAlias {
            hint: hint(&asked, known),
            alias: asked,
        }),
        several => Err(DoctorError::Ambiguous {
            alias: asked,
            which: several.iter().map(ToString::to_string).collect(),
        }),
    }
}

fn hint(asked: &str, known: &BTreeSet<&str>) -> String {
    let label = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let nearest = known
        .iter()
        .map(|alias| {
            let short = strsim::damerau_levenshtein(&label(alias), &label(asked));
            (short, *alias)
        })
        .min();
    match nearest {
        Some((distance, alias)) if distance <= 3 => format!("; did you mean {alias}?"),
        _ => {
            let all: Vec<_> = known.iter().copied().take(10).collect();
            format!("; it has {}", all.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(asked: &str) -> Result<&'static str, String> {
        let known = BTreeSet::from([
            "src-db-0.pxc.svc.cluster.local",
            "src-db-0.shop.svc.cluster.local",
            "src-db-01.pxc.svc.cluster.local",
        ]);
        one(asked, &known).map_err(|error| error.to_string())
    }

    #[test]
    fn labels_are_enough_where_they_are_one_aliases() {
        let whole = "src-db-0.pxc.svc.cluster.local";
        for asked in [
            "src-db-0.pxc",
            "SRC-db-0.pxc.svc",
            whole,
            "src-db-0.pxc.svc.cluster.local.",
        ] {
            assert_eq!(found(asked), Ok(whole), "{asked}");
        }
        assert_eq!(found("src-db-01"), Ok("src-db-01.pxc.svc.cluster.local"));
        assert!(found("src-db-0").unwrap_err().contains(" or "));
    }

    #[test]
    fn a_slip_gets_the_alias_that_was_meant() {
        let said = found("scr-db-01").unwrap_err();
        assert!(
            said.ends_with("did you mean src-db-01.pxc.svc.cluster.local?"),
            "{said}"
        );
        assert!(found("other").unwrap_err().contains("it has src-db-0.pxc"));
    }
}
