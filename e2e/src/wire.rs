//! The two clusters with Istio's parts and ours side by side, each role to be had from either.
//!
//! Some pods of cluster A have our shim and others an Envoy. In cluster B each pod has both, at
//! addresses of their own, and the app chooses by the address that it dials. Gateways come one at a
//! time, as they have one address.

mod hello;
mod keys;
mod meshes;
mod place;
mod roles;
mod talk;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use eastwest::clusters::{Clusters, ClustersError, Layout};
use eastwest::stage::zone::Zone;
use eastwest_mesh::Capture as Range;

use crate::eastwest;
pub use hello::described;
pub use keys::Keys;
pub use meshes::Meshes;
pub use place::{Caller, Place};
pub use talk::{AFTER_END, Mode, PAYLOAD, Talk};

/// The trust domain of the manifests.
pub const TRUST_DOMAIN: &str = "cluster.local";
/// Seconds that a pod's record may be kept.
const TTL: u32 = 5;
/// Time for a line that is sure to come; a loaded machine may need seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who plays a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// This project.
    Ours,
    /// A real Envoy, configured as Istio does.
    Envoy,
}

/// The clusters, with apps in the pods and nothing between them yet.
pub struct Wire {
    /// Everything that runs.
    pub clusters: Clusters,
    /// Who has which certificate.
    pub keys: Keys,
    /// What the manifests say.
    pub meshes: Meshes,
    peer: PathBuf,
}

impl Wire {
    /// Starts name servers and apps. `peer` is the program `wire-peer`.
    ///
    /// # Errors
    /// When something of it does not start.
    pub fn prepare(peer: &str) -> Result<Self, ClustersError> {
        let mut clusters = Clusters::prepare(&eastwest(), Layout::Stage)?;
        let keys = Keys::make(clusters.certificates())?;
        let meshes = Meshes::with_istio(&clusters)?;
        if let Some(stage) = clusters.stage() {
            for pod in ["b-app", "b-db"] {
                for address in meshes.virtual_ips() {
                    stage.add_address(pod, "pods-b", address.into())?;
                }
            }
        }
        let zone = Place::ALL.iter().try_fold(Zone::new(), |zone, place| {
            zone.with(&place.dns_name(), place.address(), TTL)
        })?;
        clusters.write_zone(&zone)?;
        clusters.start_dns()?;
        let peer = peer.into();
        Ok(Self {
            clusters,
            keys,
            meshes,
            peer,
        })
    }

    /// The address that a caller's app dials, to go to `place` through a sidecar of that kind.
    ///
    /// # Errors
    /// When the manifests have no such alias.
    pub fn dialled(&self, place: &Place, by: By) -> Result<SocketAddr, ClustersError> {
        self.dialled_alias(&place.alias(), by)
    }

    /// The same for any alias of the manifests.
    ///
    /// # Errors
    /// When there is no such alias.
    pub fn dialled_alias(&self, alias: &str, by: By) -> Result<SocketAddr, ClustersError> {
        let range = match by {
            By::Ours => Range::Vip,
            By::Envoy => Range::Redirect,
        };
        let routes = self.meshes.routes(range);
        let route = routes.iter().find(|route| route.alias.as_str() == alias);
        let found = route.and_then(|route| Some((*route.virtual_ips.first()?, route.port.get())));
        let none = || ClustersError::Resolver(format!("the manifests have no alias {alias}"));
        found.map(SocketAddr::from).ok_or_else(none)
    }

    /// What a program has printed so far.
    ///
    /// # Errors
    /// When it was never started.
    pub fn printed(&mut self, program: &str) -> Result<String, ClustersError> {
        Ok(self.clusters.program(program)?.printed())
    }

    /// Waits until a program prints a line that holds `what`, after the first `skip` bytes that it
    /// has printed, and gives that line.
    ///
    /// # Errors
    /// When it prints none in time, or ends.
    pub fn await_line(
        &mut self,
        program: &str,
        skip: usize,
        what: &str,
    ) -> Result<String, ClustersError> {
        let mut found = None;
        let ready = |printed: &str| {
            let lines = printed.get(skip..).unwrap_or_default();
            // The last line may not be whole yet.
            let mut whole = lines
                .split_inclusive('\n')
                .filter_map(|line| line.strip_suffix('\n'));
            found = whole.find(|line| line.contains(what)).map(str::to_owned);
            found.is_some()
        };
        self.clusters
            .program(program)?
            .await_ready(PATIENCE, ready)?;
        Ok(found.unwrap_or_default())
    }
}
