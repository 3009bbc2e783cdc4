//! Our own programs, as `deploy/mixed` runs them.

use std::fs;

use eastwest::clusters::ClustersError;
use eastwest_mesh::{Capture, Finding, Mesh, Options, Route, Severity, load};

use super::containers::Container;
use super::istio::Folders;
use super::{By, Caller, Place, WireError};
use crate::istiod::DOMAIN;
use crate::rendered::deploy;

const GATEWAY: &str = "mixed/our-gateway";
const HELLO: &str = "mixed/our-shims/cluster-a/hello";
const PXC: &str = "mixed/our-shims/cluster-a/pxc";
const CLIENT: &str = "mixed/our-shims/cluster-b/hello";
/// The databases of cluster B have no container of ours; the aliases are there for one.
const REPLICA_ALIASES: &str = "istio/cluster-b/pxc/aliases";
/// Folders beside those that Istio is given.
pub(super) const FOLDERS: [&str; 5] = [GATEWAY, HELLO, PXC, CLIENT, REPLICA_ALIASES];

/// An alias that cluster A does not export.
const NOT_EXPORTED: &str = "demo/cluster-b/secret.yaml";

/// Their containers.
#[derive(Debug)]
pub(super) struct Ours {
    pub(super) gateway: Container,
    hello: Container,
    source: Container,
    app: Container,
    replica: Container,
}

impl Ours {
    pub(super) fn deployed(folders: &Folders) -> Result<Self, WireError> {
        let mut gateway =
            Container::find(folders.values(GATEWAY), "eastwest-gateway", "istio-system")?;
        // The step of deploy/istio/README.md for a pod that has our shim.
        for place in Place::ALL.iter().filter(|place| place.sidecar == By::Ours) {
            gateway.take_out(&format!("- {}", place.dns_name()))?;
        }
        let client = folders.values(CLIENT);
        let both = [client, folders.values(REPLICA_ALIASES)].concat();
        let mut replica = Container::find(&both, "client", "pxc")?;
        let path = deploy().join(NOT_EXPORTED);
        let text = fs::read_to_string(&path);
        let text = text.map_err(|source| ClustersError::File { path, source })?;
        replica.add_manifest("not-exported.yaml", text);
        Ok(Self {
            gateway,
            hello: Container::find(folders.values(HELLO), "hello", "demo")?,
            source: Container::find(folders.values(PXC), "db", "pxc")?,
            app: Container::find(client, "client", "demo")?,
            replica,
        })
    }

    pub(super) const fn server(&self, place: &Place) -> &Container {
        if place.port == 3306 {
            &self.source
        } else {
            &self.hello
        }
    }

    pub(super) fn client(&self, caller: &Caller) -> &Container {
        if caller.namespace == "pxc" {
            &self.replica
        } else {
            &self.app
        }
    }

    /// What is wrong with the files that any of them is given.
    pub(super) fn errors(&self) -> Vec<Finding> {
        let all = [
            &self.gateway,
            &self.hello,
            &self.source,
            &self.app,
            &self.replica,
        ];
        let findings = all.into_iter().flat_map(|one| mesh(one).findings);
        findings
            .filter(|finding| finding.severity == Severity::Error)
            .collect()
    }

    /// The routes of the callers' shims.
    pub(super) fn routes(&self) -> Vec<Route> {
        let callers = [&self.app, &self.replica];
        callers
            .into_iter()
            .flat_map(|one| mesh(one).routes)
            .collect()
    }
}

fn mesh(container: &Container) -> Mesh {
    #[expect(clippy::expect_used, reason = "only tests call this, and it is a name")]
    let cluster_domain = DOMAIN.parse().expect("a DNS name");
    let capture = Capture::Vip;
    load(
        &container.manifests(),
        &Options {
            cluster_domain,
            capture,
        },
    )
}
