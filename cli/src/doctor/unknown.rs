//! What can be told where nobody says which manifests, or which certificate, the shim of this pod has.

use std::collections::BTreeSet;
use std::time::SystemTime;

use super::aliases::typed;
use super::args::DoctorArgs;
use super::error::DoctorError;
use super::look::{Broken, Look};
use super::names::Names;
use super::report::Examined;
use super::step::Step;
use super::walk::Walked;
use super::way::Way;
use super::{certificate, examine, shim};

/// Stands for all aliases where it is not known which there are.
const ALL: &str = "*";

/// The shim that does not tell is looked at: where it is broken that is why, and no other file is missing. An alias
/// of which no route can be made is down, whatever the shim does.
pub(super) async fn look(
    args: &DoctorArgs,
    lacking: DoctorError,
    notes: &mut Vec<String>,
) -> Result<Vec<Examined>, DoctorError> {
    let mut examined = Vec::new();
    let unwalked: BTreeSet<String> = if args.manifests.is_empty() {
        match args.all {
            true => BTreeSet::from([ALL.to_owned()]),
            false => args.aliases.iter().map(|asked| typed(asked).0).collect(),
        }
    } else {
        let mesh = args.mesh()?;
        let wanted = examine::wanted(args, &mesh, notes)?;
        examined = examine::down(args, &mesh, &wanted);
        let routes = mesh.routes.iter();
        routes
            .filter(|route| wanted.has(&route.alias, Some(route.port)))
            .map(|route| route.alias.to_string())
            .collect()
    };
    if unwalked.is_empty() {
        return Ok(examined);
    }
    let Err(shim) = shim::look(args.ready(), shim::PATIENCE).await else {
        return Err(lacking);
    };
    examined.extend(unwalked.into_iter().map(|alias| {
        let mut way = Way::new();
        let broken = as_far_as_the_shim(args, &mut way, &lacking, shim.clone());
        let names = args.name(Names::asked(&alias));
        Examined {
            alias,
            port: None,
            walked: Walked {
                way,
                broken: Some((broken, names)),
                notes: Vec::new(),
            },
        }
    }));
    Ok(examined)
}

/// What the shim needs comes before it.
fn as_far_as_the_shim(
    args: &DoctorArgs,
    way: &mut Way,
    lacking: &DoctorError,
    shim: Broken,
) -> Broken {
    let manifests = match args.manifests.is_empty() {
        true => Look::skipped(lacking.to_string()),
        false => Look::fine("the alias is in the manifests"),
    };
    way.note(Step::Manifests, manifests);
    let looked = match args.certificate() {
        Some(files) => certificate::look(&files, SystemTime::now()).map(|(_, look)| look),
        None => Ok(Look::skipped("it is not known where it is")),
    };
    let broken = match looked {
        Ok(look) => {
            way.note(Step::Certificate, look);
            shim
        }
        Err(broken) => broken,
    };
    let _: Result<(), Broken> = way.hop(Err(broken.clone()));
    broken
}
