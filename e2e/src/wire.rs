//! The two clusters with Istio's parts and ours side by side, each role to be had from either.
//!
//! Some pods of cluster A have our shim and others an Envoy. In cluster B each pod has both, at
//! addresses of their own, and the app chooses by the address that it dials. Gateways come one at a
//! time, as they have one address.

mod containers;
mod error;
mod hello;
mod istio;
mod keys;
mod ours;
mod place;
mod roles;
mod talk;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use eastwest::clusters::{ClustersError, Layout};
use eastwest::stage::zone::Zone;
use eastwest_mesh::Finding;

use crate::CountedClusters;
pub use error::WireError;
pub use hello::described;
pub use istio::Istio;
pub use keys::Keys;
use ours::Ours;
pub use place::{Caller, Place};
pub use talk::{AFTER_END, Mode, PAYLOAD, Talk};

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

/// The clusters, with nothing running in them yet but name servers.
pub struct Wire {
    /// Everything that runs.
    pub clusters: CountedClusters,
    /// Who has which certificate.
    pub keys: Keys,
    /// What Envoys are told.
    pub istio: Istio,
    /// Our programs, where there are any.
    ours: Option<Ours>,
    peer: PathBuf,
}

impl Wire {
    /// The manifests of `deploy/istio` and `deploy/mixed`: some pods of cluster A have our shim, and
    /// others Istio's. `peer` is the program `wire-peer`.
    ///
    /// # Errors
    /// When something of it cannot be read or does not start.
    pub fn prepare(peer: &str) -> Result<Self, WireError> {
        let folders = istio::Folders::render(&ours::FOLDERS)?;
        let istio = Istio::deployed(&folders)?;
        let mut wire = Self::under(peer, istio)?;
        wire.ours = Some(Ours::deployed(&folders)?);
        Ok(wire)
    }

    /// Other manifests, under Istio alone.
    ///
    /// # Errors
    /// When something of it does not start.
    pub fn under(peer: &str, istio: Istio) -> Result<Self, WireError> {
        let mut clusters = CountedClusters::prepare(Layout::Stage)?;
        let keys = Keys::make(clusters.certificates())?;
        let zone = Place::ALL.iter().try_fold(Zone::new(), |zone, place| {
            zone.with(&place.dns_name(), place.address(), TTL)
        });
        clusters.write_zone(&zone.map_err(ClustersError::from)?)?;
        clusters.start_dns()?;
        // Rules for virtual addresses, as Istio has them for all.
        for caller in [Caller::APP, Caller::REPLICA] {
            clusters.lay_capture(caller.host)?;
        }
        Ok(Self {
            clusters,
            keys,
            istio,
            ours: None,
            peer: peer.into(),
        })
    }

    fn ours(&self) -> Result<&Ours, WireError> {
        let ours = self.ours.as_ref();
        ours.ok_or_else(|| WireError::Missing("containers of ours".to_owned()))
    }

    /// What is wrong with the files that our programs are given.
    ///
    /// # Errors
    /// When there are none.
    pub fn errors(&self) -> Result<Vec<Finding>, WireError> {
        Ok(self.ours()?.errors())
    }

    /// The address that a caller's app dials, to go to `place` through a sidecar of that kind.
    ///
    /// # Errors
    /// When the manifests have no such alias.
    pub fn dialled(&self, place: &Place, by: By) -> Result<SocketAddr, WireError> {
        self.dialled_alias(&place.alias(), by)
    }

    /// The same for any alias of the manifests.
    ///
    /// # Errors
    /// When there is no such alias, or it has no address.
    pub fn dialled_alias(&self, alias: &str, by: By) -> Result<SocketAddr, WireError> {
        let found = match by {
            By::Ours => {
                let routes = self.ours()?.routes();
                let route = routes.iter().find(|route| route.alias.as_str() == alias);
                route.and_then(|route| Some((*route.virtual_ips.first()?, route.port.get())))
            }
            By::Envoy => {
                let outbounds = self.istio.outbounds()?;
                let outbound = outbounds.iter().find(|outbound| outbound.host == alias);
                outbound.and_then(|to| Some((*to.addresses.first()?, to.port)))
            }
        };
        let none = || WireError::Missing(format!("alias {alias} with an address"));
        found.map(SocketAddr::from).ok_or_else(none)
    }

    /// What a program has printed so far.
    ///
    /// # Errors
    /// When it was never started.
    pub fn printed(&mut self, program: &str) -> Result<String, WireError> {
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
    ) -> Result<String, WireError> {
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
        let program = self.clusters.program(program)?;
        program
            .await_ready(PATIENCE, ready)
            .map_err(ClustersError::from)?;
        Ok(found.unwrap_or_default())
    }
}
