//! The manifests of a resolver: its aliases, read at the start and whenever they change.

use std::sync::Arc;

use arc_swap::ArcSwap;
use eastwest_daemon::{Context, LOOK_EVERY, SourceError, SourceFile, Sources};
use eastwest_mesh::{Finding, Mesh, Options, Severity, Source, load};

use crate::{alias::AliasTable, name::Domain};

/// Where the manifests are, and how they are to be understood.
#[derive(Debug)]
pub(crate) struct Manifests {
    sources: Sources,
    options: Options,
    first: Vec<SourceFile>,
}

impl Manifests {
    /// Reads them for the first time.
    pub(crate) fn read(
        sources: Sources,
        options: Options,
    ) -> Result<(Self, AliasTable), SourceError> {
        let first = sources.read()?;
        let table = understand(&first, &options);
        Ok((
            Self {
                sources,
                options,
                first,
            },
            table,
        ))
    }

    /// Keeps the table in step with the files until the process stops taking questions.
    pub(crate) async fn follow(self, table: Arc<ArcSwap<AliasTable>>, context: Context) {
        let Self {
            sources,
            options,
            first,
        } = self;
        let stop = context.shutdown.stop_accepting_token();
        let changed = |files: Result<Vec<SourceFile>, SourceError>| match files {
            Ok(files) => {
                let new = understand(&files, &options);
                let aliases = new.len();
                table.store(Arc::new(new));
                tracing::info!(files = files.len(), aliases, "manifests read again");
                reloaded("ok");
            }
            Err(error) => {
                tracing::error!(%error, "manifests not read again; the aliases stay as they are");
                reloaded("failed");
            }
        };
        sources
            .watch(first, LOOK_EVERY, context.reload_requests(), stop, changed)
            .await;
    }
}

fn reloaded(outcome: &'static str) {
    metrics::counter!("eastwest_reloads_total", "what" => "manifests", "outcome" => outcome)
        .increment(1);
}

fn understand(files: &[SourceFile], options: &Options) -> AliasTable {
    let source = |file: &SourceFile| Source {
        name: file.name.clone(),
        text: file.text.clone(),
    };
    let sources: Vec<_> = files.iter().map(source).collect();
    let mesh = load(&sources, options);
    mesh.findings.iter().for_each(tell);
    let table = AliasTable::of(&mesh);
    metrics::gauge!("eastwest_dns_aliases").set(table.len() as f64);
    if table.is_empty() {
        tracing::warn!("no alias is served: no ServiceEntry in the manifests makes one");
    }
    table
}

impl AliasTable {
    /// The aliases of the manifests that have a route.
    pub fn of(mesh: &Mesh) -> Self {
        Self::new(mesh.aliases().iter().filter_map(|(alias, addresses)| {
            match alias.as_str().parse::<Domain>() {
                Ok(alias) => Some((alias, addresses.to_vec())),
                Err(error) => {
                    // Host names are a subset of domain names: one of the two crates is wrong.
                    tracing::error!(%error, "alias not served");
                    None
                }
            }
        }))
    }
}

fn tell(finding: &Finding) {
    match finding.severity {
        Severity::Error => tracing::error!("{finding}"),
        Severity::Warning => tracing::warn!("{finding}"),
        Severity::Note => tracing::info!("{finding}"),
    }
}
