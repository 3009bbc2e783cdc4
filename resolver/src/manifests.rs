//! The manifests of a resolver: its aliases, read at the start and whenever they change.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use arc_swap::ArcSwap;
use eastwest_daemon::{Context, LOOK_EVERY, SourceError, SourceFile, Sources};
use eastwest_mesh::{Finding, Hostname, IpNet, Mesh, Options, Severity, Source, load_redirected};

use crate::{alias::AliasTable, name::Domain};

/// Where the manifests are, and how they are to be understood.
#[derive(Debug)]
pub(crate) struct Manifests {
    sources: Sources,
    options: Options,
    redirected: Vec<IpNet>,
    first: Vec<SourceFile>,
}

impl Manifests {
    /// Reads them for the first time.
    pub(crate) fn read(
        sources: Sources,
        options: Options,
        redirected: Vec<IpNet>,
    ) -> Result<(Self, AliasTable), SourceError> {
        let first = sources.read()?;
        let table = understand(&first, &options, &redirected);
        Ok((
            Self {
                sources,
                options,
                redirected,
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
            redirected,
            first,
        } = self;
        let stop = context.shutdown.stop_accepting_token();
        let changed = |files: Result<Vec<SourceFile>, SourceError>| match files {
            Ok(files) => {
                let new = understand(&files, &options, &redirected);
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

fn understand(files: &[SourceFile], options: &Options, redirected: &[IpNet]) -> AliasTable {
    let source = |file: &SourceFile| Source {
        name: file.name.clone(),
        text: file.text.clone(),
    };
    let sources: Vec<_> = files.iter().map(source).collect();
    let mesh = load_redirected(&sources, options, redirected);
    mesh.findings.iter().for_each(tell);
    let table = AliasTable::of(&mesh);
    metrics::gauge!("eastwest_dns_aliases").set(table.len() as f64);
    if table.is_empty() {
        tracing::warn!("no alias is served: no ServiceEntry in the manifests makes one");
    }
    table
}

impl AliasTable {
    /// The aliases of the manifests, with those that are down.
    pub fn of(mesh: &Mesh) -> Self {
        Self::heard(mesh, &HashMap::new())
    }

    /// The same where nobody listens on some addresses, for the reasons given: whoever dialled one
    /// would reach a server of its own pod. An alias that has no other address is down.
    pub fn heard(mesh: &Mesh, unheard: &HashMap<IpAddr, String>) -> Self {
        let (mut served, mut down) = (Vec::new(), Vec::new());
        for (alias, addresses) in mesh.aliases().iter() {
            let Some(alias) = domain(alias) else { continue };
            let (lost, heard): (Vec<IpAddr>, Vec<_>) = addresses
                .iter()
                .partition(|address| unheard.contains_key(address));
            match lost.first().and_then(|address| unheard.get(address)) {
                Some(why) if heard.is_empty() => down.push((alias, why.clone())),
                _ => served.push((alias, heard)),
            }
        }
        let known = mesh.down.iter();
        down.extend(known.filter_map(|down| Some((domain(&down.alias)?, down.reason.clone()))));
        Self::new(served).with_down(down)
    }
}

fn domain(alias: &Hostname) -> Option<Domain> {
    // Host names are a subset of domain names: one of the two crates is wrong where this fails.
    alias
        .as_str()
        .parse()
        .inspect_err(|error| tracing::error!(%error, "alias not served"))
        .ok()
}

fn tell(finding: &Finding) {
    match finding.severity {
        Severity::Error => tracing::error!("{finding}"),
        Severity::Warning => tracing::warn!("{finding}"),
        Severity::Note => tracing::info!("{finding}"),
    }
}
