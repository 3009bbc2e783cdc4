//! A source in cluster A and a replica in cluster B, which follows it by the alias.

use std::num::NonZeroU32;
use std::thread;
use std::time::Duration;

use super::{Capture, Clusters, ClustersError, SOURCE};
use crate::mysql::{
    Account, Channel, Compared, Installed, Pace, ReplicaStatus, Server, ServerOptions, Workload,
    Written, compare,
};

/// Enough for a replica to connect and catch up on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is written in each part of the run takes this long at least.
const WRITING: Duration = Duration::from_millis(700);

/// Both servers. The replica's is on `0.0.0.0:3306`, as Percona's is, in the same pod as its shim.
pub struct Databases {
    /// In pod db-pxc-0 of cluster A.
    pub source: Server,
    /// In pod b-db of cluster B.
    pub replica: Server,
    account: Account,
}

/// What a run of replication has shown.
#[derive(Debug)]
pub struct Replicated {
    /// The replica's own words.
    pub status: ReplicaStatus,
    /// What the source was given.
    pub written: Written,
    /// What is the same on both sides: every row of every table.
    pub compared: Compared,
}

/// The servers' data directories, in the folder of the clusters.
const SOURCE_DATA: &str = "source";
const REPLICA_DATA: &str = "replica";

impl Clusters {
    /// Whether the folder of the clusters can hold databases.
    ///
    /// # Errors
    /// When its path is too long for what the servers make in it.
    pub fn can_hold_databases(&self) -> Result<(), ClustersError> {
        [SOURCE_DATA, REPLICA_DATA]
            .iter()
            .try_for_each(|data| Server::fits(&self.dir().join(data)))
            .map_err(|error| ClustersError::Database(format!("{error} (set TMPDIR)")))
    }

    /// Starts both servers and what lies between them; the replica follows nobody yet.
    ///
    /// # Errors
    /// When one of them does not start.
    pub fn start_databases(&mut self, installed: &Installed) -> Result<Databases, ClustersError> {
        self.start_databases_with(installed, &[])
    }

    /// The same, with further options for both servers, as on their command line.
    ///
    /// # Errors
    /// When one of them does not start.
    pub fn start_databases_with(
        &mut self,
        installed: &Installed,
        extra: &[String],
    ) -> Result<Databases, ClustersError> {
        let databases = self.start_database_servers(installed, extra)?;
        self.start_source_shim()?;
        self.lay_capture("b-db")?;
        self.start_outbound_shim("b-db", ("pxc", "db-pxc"), Capture::Redirect)?;
        Ok(databases)
    }

    /// Starts both servers only, with an account to replicate by.
    ///
    /// # Errors
    /// When one of them does not start.
    pub fn start_database_servers(
        &self,
        installed: &Installed,
        extra: &[String],
    ) -> Result<Databases, ClustersError> {
        let (source_host, replica_host) = (self.host(SOURCE.name)?, self.host("b-db")?);
        let dir = self.dir().to_owned();
        let options = |id, name: &str| {
            let options = ServerOptions::new(NonZeroU32::MIN.saturating_add(id), dir.join(name));
            extra.iter().fold(options, ServerOptions::with)
        };
        let (source, replica) = (options(0, SOURCE_DATA), options(1, REPLICA_DATA));
        let source = Server::start(&*source_host, installed, source).map_err(database)?;
        let replica = Server::start(&*replica_host, installed, replica).map_err(database)?;
        let account = Account {
            user: "replication".into(),
            password: "demo".into(),
        };
        account.create_on(source.client()).map_err(database)?;
        Ok(Databases {
            source,
            replica,
            account,
        })
    }
}

impl Databases {
    /// How the replica is to follow the source: by its alias, on MySQL's own port.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel_to(SOURCE.alias())
    }

    /// The same, by another name or address.
    #[must_use]
    pub fn channel_to(&self, host: impl Into<String>) -> Channel {
        Channel::new(host, SOURCE.port, self.account.clone())
    }

    /// Writes before, while and after the replica starts, and compares both sides when it has
    /// caught up.
    ///
    /// # Errors
    /// When the replica does not run, does not catch up, or has other rows.
    pub fn replicate(&self) -> Result<Replicated, ClustersError> {
        let workload = Workload::start(self.source.client(), Pace::default()).map_err(database)?;
        thread::sleep(WRITING);
        let replica = self.replica.replica();
        replica.follow(&self.channel()).map_err(database)?;
        let status = replica.wait_running(PATIENCE).map_err(database)?;
        thread::sleep(WRITING);
        let written = workload.stop().map_err(database)?;
        replica
            .wait_caught_up(self.source.client(), PATIENCE)
            .map_err(database)?;
        let compared = compare(self.source.client(), self.replica.client()).map_err(database)?;
        Ok(Replicated {
            status,
            written,
            compared,
        })
    }
}

fn database(error: impl std::error::Error) -> ClustersError {
    ClustersError::Database(error.to_string())
}
