//! `--fix`: Services that are missing in the cluster of the gateway, in a file of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use eastwest_mesh::lint::{self, Addition, Lint, Place};

use super::Search;
use super::mend::is_better;
use crate::manifests::Manifests;

/// Where files of both clusters lie in one folder. `kubectl apply -f` of that one does not look into
/// it, and `lint` takes it for another cluster than the client's.
const FOLDER: &str = "gateway-cluster";

const HEAD: &str = "\
# Written by `eastwest lint --fix`: one Service a pod, each with the name of the other cluster's alias
# of it. Istio's gateway knows the services of its own cluster only. Apply this where the gateway is,
# and nowhere else: in the client's cluster such a Service would take the place of the alias.
";

/// Files that list the others of their folder: one that is not listed is not applied.
const LISTS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// What is found in the files. Of what could be added, only what `--fix` knows a place for.
pub(super) fn find(manifests: &Manifests, search: &Search) -> Vec<Lint> {
    let mut found = lint::lint(&manifests.clusters, &search.options);
    found.retain(|lint| !search.ignored.contains(&lint.finding.code));
    for lint in &mut found {
        let homeless = |addition| folder(manifests, addition).is_none();
        if lint.addition().is_some_and(homeless) {
            lint.mend = None;
        }
    }
    found
}

/// Adds what is missing, if the whole is better with it.
pub(super) fn add(manifests: &mut Manifests, found: &mut Vec<Lint>, search: &Search) {
    let mut files: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for addition in found.iter().filter_map(Lint::addition) {
        let documents = folder(manifests, addition).map(|folder| files.entry(folder).or_default());
        let document = addition.service.document();
        // Two findings may ask for the same.
        if let Some(documents) = documents.filter(|documents| !documents.contains(&document)) {
            documents.push(document);
        }
    }
    let mut with = manifests.clone();
    for (folder, documents) in files {
        with.add(
            &unused(&folder),
            format!("{HEAD}{}", documents.join("---\n")),
        );
    }
    let after = find(&with, search);
    if is_better(found, &after) {
        *manifests = with;
        *found = after;
    }
}

/// The folder that it belongs to, if that can be told and is read again next time.
pub(super) fn folder(manifests: &Manifests, addition: &Addition) -> Option<PathBuf> {
    let beside = Path::new(&*addition.gateway).parent()?;
    let folder = match addition.place {
        Place::GatewaysCluster => beside.to_owned(),
        Place::BothClusters => beside.join(FOLDER),
    };
    let listed = LISTS.iter().any(|list| folder.join(list).exists());
    (manifests.reads(beside) && !listed).then_some(folder)
}

/// A file that is not there yet.
fn unused(folder: &Path) -> PathBuf {
    let name = |number| match number {
        1 => "pod-services.yaml".to_owned(),
        _ => format!("pod-services-{number}.yaml"),
    };
    let mut paths = (1_u32..).map(|number| folder.join(name(number)));
    // A link that leads nowhere is there all the same.
    let free = paths.find(|path| path.symlink_metadata().is_err());
    free.unwrap_or_else(|| folder.join(name(1)))
}
