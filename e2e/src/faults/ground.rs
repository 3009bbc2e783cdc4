//! The two clusters with a replica that follows its source, and what can be killed in them.

use std::net::IpAddr;
use std::time::Duration;

use eastwest::clusters::{Capture, Databases, Layout, SOURCE};
use eastwest::mysql::Installed;
use ipnet::IpNet;

use super::error::FaultError;
use super::load::Load;
use super::packets;
use crate::CountedClusters;

/// Time between MySQL's attempts to connect.
pub const CONNECT_RETRY: Duration = Duration::from_secs(1);
/// The operator leaves it to MySQL, which takes half of `replica_net_timeout`. So an idle connection is
/// idle.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// Enough for a replica to connect and catch up on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// The pod of the replica.
pub(super) const REPLICA: &str = "b-db";
/// The service account of both databases.
const ACCOUNT: (&str, &str) = ("pxc", "db-pxc");

/// Two clusters, a source and a replica that follows it, and a load on the source.
pub struct Ground {
    // Dropped in this order: who writes, the servers, the rest.
    pub(super) load: Load,
    pub(super) databases: Databases,
    pub(super) clusters: CountedClusters,
    pub(super) installed: Installed,
    pub(super) source_at: IpNet,
}

/// A program of the path.
#[derive(Debug, Clone, Copy)]
pub(super) enum Process {
    CallingShim,
    /// With the resolver in it.
    CallingShimWithDns,
    CalledShim,
    Gateway,
    Resolver,
}

impl Process {
    /// As the clusters know it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::CallingShim | Self::CallingShimWithDns => "b-db-shim",
            Self::CalledShim => "db-pxc-0-shim",
            Self::Gateway => "gateway",
            Self::Resolver => "b-db-resolver",
        }
    }
}

impl Ground {
    /// Sets all of it up; returns when rows arrive at the replica.
    ///
    /// # Errors
    /// When something of it does not start, or nothing arrives.
    pub fn prepare(installed: Installed) -> Result<Self, FaultError> {
        let mut clusters = CountedClusters::prepare(Layout::Stage)?;
        clusters.start_dns()?;
        packets::masquerade(&clusters)?;
        let databases = clusters.start_database_servers(&installed, &[])?;
        clusters.lay_capture(REPLICA)?;
        let source_at = IpNet::from(clusters.layout().pod(&SOURCE));
        let load = Load::start(databases.source.client(), databases.replica.client())?;
        let mut ground = Self {
            load,
            databases,
            clusters,
            installed,
            source_at,
        };
        for process in [
            Process::Gateway,
            Process::CalledShim,
            Process::Resolver,
            Process::CallingShim,
        ] {
            ground.start(process)?;
        }
        let mut channel = ground.databases.channel();
        channel.connect_retry = CONNECT_RETRY;
        channel.heartbeat = HEARTBEAT;
        ground.databases.replica.replica().follow(&channel)?;
        ground.load.flows(PATIENCE)?;
        Ok(ground)
    }

    /// Where the source is now.
    pub(super) fn source_address(&self) -> IpAddr {
        self.source_at.addr()
    }

    /// `kill -9`.
    pub(super) fn kill(&mut self, process: Process) -> Result<(), FaultError> {
        self.clusters.program(process.name())?.kill();
        Ok(())
    }

    /// Starts a program, and waits until it says that it is ready.
    pub(super) fn start(&mut self, process: Process) -> Result<(), FaultError> {
        let address = self.source_address();
        let clusters = &mut self.clusters;
        match process {
            Process::CallingShim => {
                clusters.start_outbound_shim_alone(REPLICA, ACCOUNT, Capture::Redirect)
            }
            Process::CallingShimWithDns => {
                clusters.start_outbound_shim(REPLICA, ACCOUNT, Capture::Redirect)
            }
            Process::CalledShim => clusters.start_inbound_shim_at(&SOURCE, address),
            Process::Gateway => clusters.start_gateway(),
            Process::Resolver => clusters.start_resolver(REPLICA, Capture::Redirect),
        }?;
        Ok(())
    }

    /// Starts the source's server again.
    pub(super) fn restart_source(&mut self) -> Result<(), FaultError> {
        let host = self.clusters.host(SOURCE.name)?;
        let source = &mut self.databases.source;
        source.restart(&*host, &self.installed)?;
        Ok(())
    }

    /// Starts the replica's server again.
    pub(super) fn restart_replica(&mut self) -> Result<(), FaultError> {
        let host = self.clusters.host(REPLICA)?;
        let replica = &mut self.databases.replica;
        replica.restart(&*host, &self.installed)?;
        Ok(())
    }

    /// Ends the replica's connection from the source's side.
    pub(super) fn end_connection(&self) -> Result<(), FaultError> {
        let source = &self.databases.source;
        for id in dump_threads(&source.sql(THREADS)?) {
            source.sql(&format!("KILL {id}"))?;
        }
        Ok(())
    }
}

/// All threads. The list in `information_schema` fails while a statement in it has a character that
/// UTF-8 writes with four bytes.
pub(super) const THREADS: &str = "SHOW PROCESSLIST";

/// Those of the list that send to replicas.
pub(super) fn dump_threads(rows: &[Vec<String>]) -> Vec<u64> {
    let threads = rows.iter().filter_map(|row| {
        let (id, command) = (row.first()?, row.get(4)?);
        command
            .starts_with("Binlog Dump")
            .then(|| id.parse().ok())?
    });
    threads.collect()
}
