//! `--fix`: the changes that findings bring with them, made in the files.

use std::collections::HashMap;
use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use eastwest_mesh::lint::{self, Edit, Lint};
use eastwest_mesh::{Code, Severity};
use tempfile::NamedTempFile;

use super::error::LintError;
use super::{Search, add};
use crate::manifests::{Manifests, STDIN};

/// One change may bring the next to light; after so many rounds nothing new comes.
const ROUNDS: usize = 4;

/// A file that was changed, or is new.
pub(super) struct Change {
    pub(super) file: String,
    /// What was in it; nothing where it was not there.
    pub(super) before: Option<String>,
    pub(super) after: String,
}

/// Changes the files, and gives what is still found in them.
pub(super) fn mend(
    manifests: &mut Manifests,
    mut found: Vec<Lint>,
    search: &Search,
) -> Result<(Vec<Lint>, Vec<Change>), LintError> {
    if manifests.files().any(|file| file.name == STDIN) {
        return Err(LintError::FixOfStdin);
    }
    let texts = manifests.files().cloned();
    let before: HashMap<String, String> = texts.map(|file| (file.name, file.text)).collect();
    let names: Vec<String> = manifests.files().map(|file| file.name.clone()).collect();
    for _ in 0..ROUNDS {
        if try_to_mend(manifests, &mut found, &names, search) {
            continue;
        }
        // One file that can't be mended must not keep the others from it.
        let mut any = false;
        for name in names.chunks(1) {
            any |= try_to_mend(manifests, &mut found, name, search);
        }
        if !any {
            break;
        }
    }
    add::add(manifests, &mut found, search);
    let mut changes = Vec::new();
    for file in manifests.files() {
        let before = before.get(&file.name);
        match before {
            Some(before) if *before == file.text => continue,
            Some(_) => replace(Path::new(&file.name), &file.text)?,
            None => create(Path::new(&file.name), &file.text)?,
        }
        changes.push(Change {
            file: file.name.clone(),
            before: before.cloned(),
            after: file.text.clone(),
        });
    }
    Ok((found, changes))
}

/// Takes the changes of these files, if the whole is better with them.
fn try_to_mend(
    manifests: &mut Manifests,
    found: &mut Vec<Lint>,
    names: &[String],
    search: &Search,
) -> bool {
    let changed = edited(manifests, found, names);
    if changed.clusters == manifests.clusters {
        return false;
    }
    let after = add::find(&changed, search);
    let better = is_better(found, &after);
    if better {
        *manifests = changed;
        *found = after;
    }
    better
}

/// The files as they would be.
fn edited(manifests: &Manifests, found: &[Lint], names: &[String]) -> Manifests {
    let mut edits: HashMap<&str, Vec<&Edit>> = HashMap::new();
    for edit in found.iter().filter_map(Lint::edit) {
        edits.entry(&*edit.file).or_default().push(edit);
    }
    let mut changed = manifests.clone();
    for source in changed.clusters.iter_mut().flatten() {
        if let Some(edits) = edits.get(source.name.as_str())
            && names.contains(&source.name)
            && manifests.is_text(&source.name)
        {
            source.text = lint::apply(&source.text, edits);
        }
    }
    changed
}

/// Whether there is less to mend, and no code of an error has more findings than before.
pub(super) fn is_better(before: &[Lint], after: &[Lint]) -> bool {
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
    let mendable = |lints: &[Lint]| lints.iter().filter(|lint| lint.mend.is_some()).count();
    nothing_new && mendable(after) < mendable(before)
}

/// Replaces the file as a whole, so that nobody ever sees a part of it.
fn replace(path: &Path, text: &str) -> Result<(), LintError> {
    let failed = |error| LintError::Write(path.to_path_buf(), error);
    // A link stays a link: what it leads to is replaced.
    let target = path.canonicalize().map_err(failed)?;
    let old = std::fs::metadata(&target).map_err(failed)?;
    let file = written(&target, text).map_err(failed)?;
    // Only root can give a file away. Before the mode, some bits of which this clears.
    let (user, group) = (old.uid(), old.gid());
    if fchown(file.as_file(), Some(user), Some(group)).is_err() {
        let _ = fchown(file.as_file(), None, Some(group));
    }
    let permissions = old.permissions();
    file.as_file()
        .set_permissions(permissions)
        .map_err(failed)?;
    file.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Writes a file that is not there, and its folder. One that has come meanwhile stays as it is.
fn create(path: &Path, text: &str) -> Result<(), LintError> {
    let failed = |error| LintError::Create(path.to_path_buf(), error);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let file = written(path, text).map_err(failed)?;
    file.persist_noclobber(path)
        .map_err(|error| failed(error.error))?;
    Ok(())
}

/// A file beside `target` that may take its name, with the permissions that new files have here.
fn written(target: &Path, text: &str) -> io::Result<NamedTempFile> {
    let folder = target.parent().unwrap_or_else(|| Path::new("/"));
    let new = Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new()
        .permissions(new)
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}
