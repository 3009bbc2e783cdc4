//! `--fix`: the changes that findings bring with them, made in the files.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use eastwest_mesh::lint::{self, Edit, Lint, Options};
use eastwest_mesh::{Code, Severity, Source};

use super::error::LintError;
use super::files::{Manifests, STDIN};

/// One change may bring the next to light; after so many rounds nothing new comes.
const ROUNDS: usize = 4;

/// A file that was changed.
pub(super) struct Change {
    pub(super) file: String,
    pub(super) before: String,
    pub(super) after: String,
}

/// Changes the files, and gives what is still found in them.
pub(super) fn mend(
    manifests: &mut Manifests,
    mut found: Vec<Lint>,
    options: &Options,
) -> Result<(Vec<Lint>, Vec<Change>), LintError> {
    if manifests.files().any(|file| file.name == STDIN) {
        return Err(LintError::FixOfStdin);
    }
    let before: Vec<Source> = manifests.files().cloned().collect();
    let names: Vec<String> = before.iter().map(|file| file.name.clone()).collect();
    for _ in 0..ROUNDS {
        if try_to_mend(manifests, &mut found, &names, options) {
            continue;
        }
        // One file that can't be mended must not keep the others from it.
        let mut any = false;
        for name in names.chunks(1) {
            any |= try_to_mend(manifests, &mut found, name, options);
        }
        if !any {
            break;
        }
    }
    let mut changes = Vec::new();
    for (before, after) in before.into_iter().zip(manifests.files()) {
        if before.text != after.text {
            write(Path::new(&after.name), &after.text)?;
            changes.push(Change {
                file: before.name,
                before: before.text,
                after: after.text.clone(),
            });
        }
    }
    Ok((found, changes))
}

/// Takes the changes of these files, if the whole is better with them.
fn try_to_mend(
    manifests: &mut Manifests,
    found: &mut Vec<Lint>,
    names: &[String],
    options: &Options,
) -> bool {
    let changed = edited(manifests, found, names);
    if changed == manifests.clusters {
        return false;
    }
    let after = lint::lint(&changed, options);
    let better = is_better(found, &after);
    if better {
        manifests.clusters = changed;
        *found = after;
    }
    better
}

/// The files as they would be.
fn edited(manifests: &Manifests, found: &[Lint], names: &[String]) -> Vec<Vec<Source>> {
    let mut edits: HashMap<&str, Vec<&Edit>> = HashMap::new();
    for edit in found.iter().filter_map(|lint| lint.edit.as_ref()) {
        edits.entry(&*edit.file).or_default().push(edit);
    }
    let mut clusters = manifests.clusters.clone();
    for source in clusters.iter_mut().flatten() {
        if let Some(edits) = edits.get(source.name.as_str())
            && names.contains(&source.name)
            && manifests.is_text(&source.name)
        {
            source.text = lint::apply(&source.text, edits);
        }
    }
    clusters
}

/// Whether there is less to mend, and no code of an error has more findings than before.
fn is_better(before: &[Lint], after: &[Lint]) -> bool {
    let errors = |lints: &[Lint]| {
        let mut count: HashMap<Code, usize> = HashMap::new();
        for lint in lints {
            if lint.finding.severity == Severity::Error {
                *count.entry(lint.finding.code).or_default() += 1;
            }
        }
        count
    };
    let (old, new) = (errors(before), errors(after));
    let nothing_new = new
        .iter()
        .all(|(code, count)| count <= old.get(code).unwrap_or(&0));
    let mendable = |lints: &[Lint]| lints.iter().filter(|lint| lint.edit.is_some()).count();
    nothing_new && mendable(after) < mendable(before)
}

/// Replaces the file as a whole, so that nobody ever sees a part of it.
fn write(path: &Path, text: &str) -> Result<(), LintError> {
    let failed = |error| LintError::Write(path.to_path_buf(), error);
    // A link stays a link: what it leads to is replaced.
    let target = path.canonicalize().map_err(failed)?;
    let folder = target.parent().unwrap_or_else(|| Path::new("/"));
    let permissions = std::fs::metadata(&target).map_err(failed)?.permissions();
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.as_file()
        .set_permissions(permissions)
        .map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}
