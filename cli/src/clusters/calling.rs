//! What runs in a pod that calls, in cluster B: a shim, a resolver, redirect rules.

use std::net::Ipv4Addr;
use std::process::Command;

use super::{Clusters, ClustersError};
use crate::leftovers::Guarded;

/// Which addresses of the app in a pod of cluster B lead into the shim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    /// A loopback address for each alias.
    Vip,
    /// Virtual IPs and redirect rules, for a pod that owns the port itself.
    Redirect,
}

impl Capture {
    /// The servers' word for it.
    const fn mode(self) -> &'static str {
        match self {
            Self::Vip => "vip",
            Self::Redirect => "redirect",
        }
    }
}

impl Clusters {
    /// Starts the shim, with the resolver in it, in a pod of cluster B.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_outbound_shim(
        &mut self,
        host: &str,
        account: (&str, &str),
        capture: Capture,
    ) -> Result<(), ClustersError> {
        let layout = self.layout();
        let mut command = self.outbound_shim(host, account, capture)?;
        command.args(["--dns-listen", &layout.resolver().to_string()]);
        command.args(["--dns-upstream", &layout.dns_b().to_string()]);
        self.start_server(&format!("{host}-shim"), host, command)
    }

    /// The same in two programs, as HOST-shim and HOST-resolver; each can be started alone, again.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_outbound_shim_alone(
        &mut self,
        host: &str,
        account: (&str, &str),
        capture: Capture,
    ) -> Result<(), ClustersError> {
        let command = self.outbound_shim(host, account, capture)?;
        self.start_server(&format!("{host}-shim"), host, command)
    }

    /// Starts the resolver of a pod of cluster B, on a stage: it answers probes beside its shim.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_resolver(&mut self, host: &str, capture: Capture) -> Result<(), ClustersError> {
        const PROBES: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
        let layout = self.layout();
        let mut command = self.server_with_probes(host, "resolver", PROBES)?;
        command.arg("--manifests").arg(self.manifests().cluster_b());
        command.args(["--listen", &layout.resolver().to_string()]);
        command.args(["--upstream", &layout.dns_b().to_string()]);
        command.args(["--mode", capture.mode()]);
        self.start_server_with_probes(&format!("{host}-resolver"), (host, PROBES), command)
    }

    fn outbound_shim(
        &self,
        host: &str,
        (namespace, account): (&str, &str),
        capture: Capture,
    ) -> Result<Command, ClustersError> {
        let identity = self
            .certificates()
            .workload("cluster-b", namespace, account)?;
        let mut command = self.server(host, "shim")?;
        command.arg("--manifests").arg(self.manifests().cluster_b());
        command.arg("--identity").arg(identity);
        command.args(["--name-server", &self.layout().dns_b().to_string()]);
        command.args(["--mode", capture.mode()]);
        Ok(command)
    }

    /// Lays the redirect rules of a pod. In a user namespace every program has one and the same
    /// user, so that none can be told apart as the shim.
    ///
    /// # Errors
    /// When they cannot be laid.
    pub fn lay_capture(&self, host: &str) -> Result<(), ClustersError> {
        let mut command = self.eastwest_on(host)?;
        command.args(["shim", "capture", "lay", "--shim-uid", "none"]);
        let what = format!("capture lay on {host}");
        let output = Guarded::output(&mut command).map_err(|source| ClustersError::Run {
            what: what.clone(),
            source,
        })?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(ClustersError::Answer { what, said })
    }
}
