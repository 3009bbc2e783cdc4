//! The manifests of a resolver: its aliases, read at the start and whenever they change.

use std::{collections::HashMap, convert::Infallible, net::IpAddr, sync::Arc};

use arc_swap::ArcSwap;
use eastwest_daemon::{Context, SourceError, Sources};
use eastwest_manifests::Manifests;
use eastwest_mesh::{Hostname, IpNet, Mesh, Options, Part};

use crate::{alias::AliasTable, name::Domain};

/// Reads them for the first time.
pub(crate) fn read(
    sources: Sources,
    options: Options,
    redirected: Vec<IpNet>,
) -> Result<Manifests, SourceError> {
    Manifests::read_redirected(sources, options, redirected, &[Part::Routes])
}

/// Keeps the table in step with the files until the process stops taking questions.
pub(crate) async fn follow(
    manifests: Manifests,
    table: Arc<ArcSwap<AliasTable>>,
    context: Context,
) {
    let take = |mesh: &Mesh| {
        table.store(Arc::new(aliases(mesh)));
        Ok::<_, Infallible>(())
    };
    manifests.follow(context, take).await;
}

/// The aliases of the manifests, counted.
pub(crate) fn aliases(mesh: &Mesh) -> AliasTable {
    let table = AliasTable::of(mesh);
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
