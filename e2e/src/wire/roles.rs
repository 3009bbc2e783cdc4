//! How each role is started, by whom it is to be played.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use eastwest::clusters::{Capture, ClustersError};
use eastwest_mesh::Capture as Range;

use super::{By, Caller, Place, TRUST_DOMAIN, Wire};
use crate::envoy::{self, ClientSidecar, EastWestGateway, MaxTls, ServerSidecar};

impl Wire {
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

    pub(super) fn peer_on(&self, host: &str) -> Result<Command, ClustersError> {
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
}
