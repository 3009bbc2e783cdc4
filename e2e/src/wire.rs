//! The two clusters with Istio's parts and ours side by side, each role to be had from either.
//!
//! Some pods of cluster A have our shim and others an Envoy. In cluster B each pod has both, at
//! addresses of their own, and the app chooses by the address that it dials. Gateways come one at a
//! time, as they have one address.

mod hello;
mod keys;
mod meshes;
mod place;
mod talk;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use eastwest::clusters::{Capture, Clusters, ClustersError, Layout};
use eastwest::stage::zone::Zone;
use eastwest_mesh::Capture as Range;

use crate::eastwest;
use crate::envoy::{self, ClientSidecar, EastWestGateway, MaxTls, ServerSidecar};
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

    /// Starts the app of a pod, where its sidecar looks for it.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_app(&mut self, place: &Place) -> Result<(), ClustersError> {
        let app = place.app().to_string();
        let mut command = self.peer_on(place.host)?;
        let protocol = if place.port == 3306 { "tcp" } else { "http" };
        command.args(["serve", &app, protocol, place.pod]);
        self.start_app_with(place, command, &app)
    }

    fn start_app_with(
        &mut self,
        place: &Place,
        command: Command,
        listens: &str,
    ) -> Result<(), ClustersError> {
        let ready = format!("listening on {listens}\n");
        let name = place.app_program();
        self.clusters
            .start(&name, command, |printed| printed.contains(&ready))
    }

    fn peer_on(&self, host: &str) -> Result<Command, ClustersError> {
        Ok(self.clusters.host(host)?.command(self.peer.as_os_str()))
    }

    /// Starts what writes down the first record of each caller, in place of the gateway.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_recorder(&mut self) -> Result<(), ClustersError> {
        self.clusters.stop("gateway");
        let listen = self.clusters.layout().gateway().to_string();
        let mut command = self.peer_on("gateway")?;
        command.args(["record", &listen]);
        let ready = format!("listening on {listen}\n");
        self.clusters
            .start("gateway", command, |printed| printed.contains(&ready))
    }

    /// Starts what stands for a pod and its sidecar together, and would exchange metadata.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_exchange_server(&mut self, place: &Place) -> Result<(), ClustersError> {
        let listen = SocketAddr::new(place.address(), place.port).to_string();
        let mut command = self.peer_on(place.host)?;
        command.args(["exchange-serve", &listen, place.pod]);
        command.arg(self.keys.server(place));
        self.start_app_with(place, command, &listen)
    }

    /// Starts the sidecar of a pod that is called: ours, or an Envoy.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_server(
        &mut self,
        place: &Place,
        flags: &[&str],
        max: MaxTls,
    ) -> Result<(), ClustersError> {
        self.clusters.stop(&place.sidecar_program());
        match place.sidecar {
            By::Ours => self.clusters.start_inbound_shim_with(&place.shim, flags),
            By::Envoy => self.start_envoy_server(place, &self.keys.server(place), max),
        }
    }

    /// Starts an Envoy as the sidecar of a pod that is called, with any certificate.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_envoy_server(
        &mut self,
        place: &Place,
        identity: &Path,
        max: MaxTls,
    ) -> Result<(), ClustersError> {
        let sidecar = ServerSidecar {
            listen: SocketAddr::new(place.address(), place.port),
            app: place.app(),
            identity,
            trust_domain: TRUST_DOMAIN,
            callers: self.meshes.callers(place),
            max,
        };
        let name = place.sidecar_program();
        self.clusters.stop(&name);
        envoy::start(&mut self.clusters, place.host, &name, &sidecar.config())
    }

    /// Starts the sidecar of a caller.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_client(
        &mut self,
        caller: &Caller,
        by: By,
        flags: &[&str],
        max: MaxTls,
    ) -> Result<(), ClustersError> {
        self.clusters.stop(&caller.program(by));
        match by {
            By::Ours => {
                let who = (caller.namespace, caller.account);
                self.clusters
                    .start_outbound_shim_with(caller.host, who, Capture::Vip, flags)
            }
            By::Envoy => {
                let identity = self.keys.client(caller);
                self.start_envoy_client(caller, &identity, max)
            }
        }
    }

    /// Starts an Envoy as the sidecar of a caller, with any certificate.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_envoy_client(
        &mut self,
        caller: &Caller,
        identity: &Path,
        max: MaxTls,
    ) -> Result<(), ClustersError> {
        let sidecar = ClientSidecar {
            identity,
            trust_domain: TRUST_DOMAIN,
            max,
        };
        let config = sidecar.config(&self.meshes.routes(Range::Redirect));
        let name = caller.program(By::Envoy);
        self.clusters.stop(&name);
        envoy::start(
            &mut self.clusters,
            caller.host,
            &caller.program(By::Envoy),
            &config,
        )
    }

    /// Starts the gateway, in place of the one that runs.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_gateway(&mut self, by: By) -> Result<(), ClustersError> {
        self.clusters.stop("gateway");
        if by == By::Ours {
            return self.clusters.start_gateway();
        }
        let gateway = EastWestGateway {
            listen: self.clusters.layout().gateway(),
            passed: self.meshes.passed(),
        };
        envoy::start(&mut self.clusters, "gateway", "gateway", &gateway.config())
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
