//! The manifests of a server: read at the start, followed while it runs, and taken as a whole or not
//! at all.
//!
//! At the start what is broken is down, and the rest serves; the status says what is wrong. Later a set of files that has an error
//! which the one in force has not is refused: who is served by the old one goes on being served.

use std::collections::HashSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use eastwest_daemon::{Context, LOOK_EVERY, Reload, SourceError, SourceFile, Sources, Status};
use eastwest_mesh::{
    Finding, IpNet, Mesh, Options, Part, Severity, Source, load_redirected, virtual_ip,
};
use tokio::sync::watch;

mod emptied;
mod standing;
#[cfg(test)]
mod tests;

use emptied::Emptied;
use standing::Standing;

/// Where the manifests are, how they are to be understood, and what is in force.
#[derive(Debug)]
pub struct Manifests {
    sources: Sources,
    meaning: Meaning,
    parts: &'static [Part],
    first: Vec<SourceFile>,
    in_force: Mesh,
}

/// How the files are to be understood.
#[derive(Debug)]
struct Meaning {
    options: Options,
    redirected: Vec<IpNet>,
    load: Load,
}

/// [`load_redirected`]; tests have one that breaks down.
type Load = fn(&[Source], &Options, &[IpNet]) -> Mesh;

impl Manifests {
    /// Reads them for the first time, and tells what is found in them. `parts` are those that the
    /// server has a use for.
    ///
    /// # Errors
    /// When a file cannot be read, and still cannot a moment later. What is wrong inside a file takes down what it is about.
    pub fn read(
        sources: Sources,
        options: Options,
        parts: &'static [Part],
    ) -> Result<Self, SourceError> {
        Self::read_redirected(sources, options, virtual_ip::REDIRECTED.to_vec(), parts)
    }

    /// The same where the redirect rules hold for these ranges.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_redirected(
        sources: Sources,
        options: Options,
        redirected: Vec<IpNet>,
        parts: &'static [Part],
    ) -> Result<Self, SourceError> {
        let meaning = Meaning {
            options,
            redirected,
            load: load_redirected,
        };
        let first = sources.read_first()?;
        let in_force = meaning.of(&first);
        in_force.findings.iter().for_each(tell);
        Ok(Self {
            sources,
            meaning,
            parts,
            first,
            in_force,
        })
    }

    /// Says what is wrong in what is in force, to whoever asks for the status.
    pub fn tell(&self, status: &Status) {
        tell_errors(&self.in_force, status);
    }

    /// What is in force.
    pub const fn mesh(&self) -> &Mesh {
        &self.in_force
    }

    /// Calls `take` with what the files mean whenever they have changed and are no worse than those in
    /// force, or somebody has asked, for as long as the process accepts. Where it returns an error it
    /// has changed nothing. Whoever asks is heard from the call on, also before the task has run.
    pub fn follow<E: fmt::Display>(
        self,
        context: Context,
        take: impl FnMut(&Mesh) -> Result<(), E> + Send,
    ) -> impl Future<Output = ()> + Send {
        let requests = context.reload_requests();
        self.following(context, requests, take)
    }

    async fn following<E: fmt::Display>(
        self,
        context: Context,
        requests: watch::Receiver<u64>,
        mut take: impl FnMut(&Mesh) -> Result<(), E> + Send,
    ) {
        let Self {
            sources,
            meaning,
            parts,
            first,
            mut in_force,
        } = self;
        let mut texts = texts_of(&first);
        let mut names = names_of(&first);
        Reload::Manifests.begin();
        let standing = Standing::shown(&context);
        let told = |files: Result<Vec<SourceFile>, SourceError>| {
            let files = match files {
                Ok(files) => files,
                Err(error) => {
                    standing.refused(vec![error.to_string()]);
                    tracing::error!(%error, "manifests not read again; what is in force stays so");
                    return;
                }
            };
            let new_texts = texts_of(&files);
            if let Some(emptied) = Emptied::of(&names, &files) {
                let emptied = emptied.to_string();
                tracing::error!("manifests not taken: {emptied}");
                standing.refused(vec![emptied]);
                return;
            }
            let Some(mesh) = meaning.unless_it_panics(&files) else {
                standing.refused(vec![BROKE_DOWN.to_owned()]);
                tracing::error!("manifests not taken: {BROKE_DOWN}");
                return;
            };
            let mut errors = mesh.new_errors(&in_force);
            for hidden in hides_more(&mesh, &files, &texts) {
                if !errors.contains(&hidden) {
                    errors.push(hidden);
                }
            }
            // Whoever has no routes asks nobody at a far end for a proof.
            let widened = match parts.contains(&Part::Routes) {
                true => mesh.widened(&in_force),
                false => Vec::new(),
            };
            let misses = mesh.misses(&in_force, &widened);
            errors.extend(&misses);
            let new_names = names_of(&files);
            let files = files.len();
            if !errors.is_empty() {
                // Before the log says so: who has read that may ask.
                standing.refused(errors.iter().map(ToString::to_string).collect());
                tracing::error!(
                    files,
                    errors = errors.len(),
                    "manifests not taken: they have errors that those in force have not, which stay \
                     in force as a whole until these are mended"
                );
                errors.iter().for_each(|error| tell(error));
                return;
            }
            mesh.findings.iter().for_each(tell);
            if let Err(error) = take(&mesh) {
                standing.refused(vec![error.to_string()]);
                tracing::error!(%error, "manifests not taken: those in force stay so as a whole");
                return;
            }
            for route in &widened {
                tracing::warn!("more identities are accepted than before: {route}");
            }
            let changes = mesh.changes(&in_force, parts);
            let said = match (standing.is_refused(), changes.is_empty()) {
                (true, true) => MENDED.to_owned(),
                (true, false) => format!("what was refused is mended; {changes}"),
                (false, _) => changes.to_string(),
            };
            standing.taken(&said);
            tracing::info!(
                files,
                routes = mesh.routes.len(),
                down = mesh.down.len(),
                "manifests read again: {said}"
            );
            tell_errors(&mesh, &context.status);
            in_force = mesh;
            texts = new_texts;
            names = new_names;
        };
        let stop = context.shutdown.stop_accepting_token();
        sources.watch(first, LOOK_EVERY, requests, stop, told).await;
    }
}

/// What is said of files that are as good as those in force, after some that were not.
const MENDED: &str =
    "what was refused is mended; what is in force is unchanged, and is what the files say";

/// Why files are not taken that no sense could be made of, through no fault of theirs.
const BROKE_DOWN: &str = "reading them has panicked, which is a defect of this program (the line before says \
                          where); what is in force stays so, and the next change is looked at again";

/// The files that have something in them.
fn filled(files: &[SourceFile]) -> impl Iterator<Item = &SourceFile> {
    files.iter().filter(|file| !file.text.trim().is_empty())
}

/// What is in them.
fn texts_of(files: &[SourceFile]) -> HashSet<String> {
    filled(files)
        .map(|file| file.text.trim().to_owned())
        .collect()
}

/// Their names.
fn names_of(files: &[SourceFile]) -> Vec<String> {
    filled(files).map(|file| file.name.clone()).collect()
}

/// What cannot be read and may hide a policy, or a rule for a far end, in a file that is not as it was. That
/// the same was unreadable before says nothing then: it may be another object now.
fn hides_more<'a>(
    mesh: &'a Mesh,
    files: &[SourceFile],
    before: &HashSet<String>,
) -> impl Iterator<Item = &'a Finding> {
    let changed = files
        .iter()
        .filter(|file| !before.contains(file.text.trim()));
    let changed: HashSet<String> = changed.map(|file| file.name.clone()).collect();
    let hidden = mesh.unread.callers().iter().chain(mesh.unread.far_ends());
    let mut seen = Vec::new();
    hidden.filter(move |finding| {
        let first = !seen.contains(finding);
        seen.push(*finding);
        first && changed.contains(&*finding.origin.file)
    })
}

impl Meaning {
    fn of(&self, files: &[SourceFile]) -> Mesh {
        let source = |file: &SourceFile| Source {
            name: file.name.clone(),
            text: file.text.clone(),
        };
        let sources: Vec<_> = files.iter().map(source).collect();
        (self.load)(&sources, &self.options, &self.redirected)
    }

    /// The same; nothing where that panics, which the process's hook has logged. Nothing is left
    /// half-done: what is read becomes one new value.
    fn unless_it_panics(&self, files: &[SourceFile]) -> Option<Mesh> {
        catch_unwind(AssertUnwindSafe(|| self.of(files))).ok()
    }
}

fn tell_errors(mesh: &Mesh, status: &Status) {
    let errors = mesh.findings.iter();
    let errors = errors.filter(|finding| finding.severity == Severity::Error);
    status.manifests_have(errors.map(ToString::to_string).collect());
}

fn tell(finding: &Finding) {
    match finding.severity {
        Severity::Error => tracing::error!("{finding}"),
        Severity::Warning => tracing::warn!("{finding}"),
        Severity::Note => tracing::info!("{finding}"),
    }
}
