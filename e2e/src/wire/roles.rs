//! How each role is started, by whom it is to be played.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::containers::Container;
use super::{By, Caller, Place, Wire, WireError};
use crate::envoy::{self, ClientSidecar, EastWestGateway, MaxTls, ServerSidecar};
use crate::istiod::DOMAIN;

/// The cluster's DNS in the manifests, which `connect-clusters.sh` replaces by the real one.
const DNS: &str = "10.43.0.10:53";

/// The apps here have looked up their addresses elsewhere: a shim that waits to be asked would not listen.
const ASKED_FOR_NO_NAME: [&str; 2] = ["--own-port", "none"];

impl Wire {
    /// Starts the app of a pod, where its sidecar looks for it.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_app(&mut self, place: &Place) -> Result<(), WireError> {
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
    ) -> Result<(), WireError> {
        let ready = format!("listening on {listens}\n");
        let name = place.app_program();
        self.clusters
            .start(&name, command, |printed| printed.contains(&ready))?;
        Ok(())
    }

    pub(super) fn peer_on(&self, host: &str) -> Result<Command, WireError> {
        Ok(self.clusters.host(host)?.command(self.peer.as_os_str()))
    }

    /// Starts what writes down the first record of each caller, in place of the gateway.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_recorder(&mut self) -> Result<(), WireError> {
        self.clusters.stop("gateway");
        let listen = self.clusters.layout().gateway().to_string();
        let mut command = self.peer_on("gateway")?;
        command.args(["record", &listen]);
        let ready = format!("listening on {listen}\n");
        self.clusters
            .start("gateway", command, |printed| printed.contains(&ready))?;
        Ok(())
    }

    /// Starts what stands for a pod and its sidecar together, and would exchange metadata.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_exchange_server(&mut self, place: &Place) -> Result<(), WireError> {
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
    ) -> Result<(), WireError> {
        self.clusters.stop(&place.sidecar_program());
        match place.sidecar {
            By::Ours => {
                let (name, identity) = (place.sidecar_program(), self.keys.server(place));
                let container = self.ours()?.server(place).clone();
                self.start_ours(&name, place.host, &container, &identity, flags)
            }
            By::Envoy => self.start_envoy_server(place, &self.keys.server(place), max),
        }
    }

    /// Starts a container of ours: our program with its arguments, and `flags`.
    fn start_ours(
        &mut self,
        name: &str,
        host: &str,
        container: &Container,
        identity: &Path,
        flags: &[&str],
    ) -> Result<(), WireError> {
        let dir = self.clusters.dir().join("mounts").join(name);
        let mut args = container.args(&dir, identity)?;
        let dns = self.clusters.layout().dns_b().to_string();
        for arg in args.iter_mut().filter(|arg| *arg == DNS) {
            arg.clone_from(&dns);
        }
        args.extend(flags.iter().map(|&flag| flag.to_owned()));
        self.clusters
            .start_with(name, (host, &container.server), &args)?;
        Ok(())
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
    ) -> Result<(), WireError> {
        let sidecar = ServerSidecar {
            listen: SocketAddr::new(place.address(), place.port),
            app: place.app(),
            identity,
            trust_domain: DOMAIN,
            inbound: self.istio.inbound(place)?,
            max,
        };
        let name = place.sidecar_program();
        self.clusters.stop(&name);
        envoy::start(&mut self.clusters, place.host, &name, &sidecar.config())?;
        Ok(())
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
    ) -> Result<(), WireError> {
        self.clusters.stop(&caller.program(by));
        match by {
            By::Ours => {
                let (name, identity) = (caller.program(by), self.keys.client(caller));
                let container = self.ours()?.client(caller).clone();
                let flags = [flags, &ASKED_FOR_NO_NAME].concat();
                self.start_ours(&name, caller.host, &container, &identity, &flags)
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
    ) -> Result<(), WireError> {
        let sidecar = ClientSidecar { identity, max };
        let config = sidecar.config(&self.istio.outbounds()?);
        let name = caller.program(By::Envoy);
        self.clusters.stop(&name);
        envoy::start(&mut self.clusters, caller.host, &name, &config)?;
        Ok(())
    }

    /// Starts the gateway, in place of the one that runs.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_gateway(&mut self, by: By) -> Result<(), WireError> {
        self.clusters.stop("gateway");
        if by == By::Ours {
            let container = self.ours()?.gateway.clone();
            // It holds no key: nothing is mounted but manifests.
            let none = self.clusters.dir().to_owned();
            return self.start_ours("gateway", "gateway", &container, &none, &[]);
        }
        let gateway = EastWestGateway {
            listen: self.clusters.layout().gateway(),
            passed: self.istio.passed()?,
        };
        envoy::start(&mut self.clusters, "gateway", "gateway", &gateway.config())?;
        Ok(())
    }
}
