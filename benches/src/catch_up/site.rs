//! The clusters with both databases, and the clocks of all that has a part in a catch-up.

use std::path::Path;

use anyhow::Context;
use eastwest::clusters::{Clusters, Databases, SOURCE};
use eastwest::mysql::{Flavor, Installed};
use eastwest_benches::meter::Meter;
use eastwest_benches::process::CpuClock;

use crate::congestion;
use crate::way::{REPLICA, plan};

/// A process that has a part in a catch-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    ReplicaShim,
    Gateway,
    SourceShim,
    Source,
    Replica,
}

impl Part {
    /// What is ours.
    pub(crate) const PATH: [Self; 3] = [Self::ReplicaShim, Self::Gateway, Self::SourceShim];
    /// What is not.
    pub(crate) const SERVERS: [Self; 2] = [Self::Source, Self::Replica];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ReplicaShim => "shim of the replica",
            Self::Gateway => "gateway",
            Self::SourceShim => "shim of the source",
            Self::Source => "source",
            Self::Replica => "replica",
        }
    }
}

/// No disk is waited for, so that nothing but CPUs and the network holds a replica up.
const OPTIONS: [&str; 6] = [
    "--sync-binlog=0",
    "--sync-relay-log=0",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=OFF",
    "--innodb-buffer-pool-size=256M",
    "--binlog-cache-size=1M",
];

/// In words.
pub(crate) fn tuning(flavor: Flavor) -> String {
    let options = options(flavor);
    let options: Vec<_> = options.iter().map(|it| it.trim_matches('-')).collect();
    options.join(" ")
}

fn options(flavor: Flavor) -> Vec<String> {
    let redo_log = match flavor {
        Flavor::MySql => "--innodb-redo-log-capacity=512M",
        Flavor::MariaDb => "--innodb-log-file-size=512M",
    };
    OPTIONS
        .into_iter()
        .chain([redo_log])
        .map(str::to_owned)
        .collect()
}

/// All of it; it ends when this is dropped.
pub(crate) struct Site {
    pub(crate) databases: Databases,
    pub(crate) meter: Meter<Part>,
    /// The congestion control of all connections.
    pub(crate) congestion: String,
    #[expect(dead_code, reason = "held, not used")]
    clusters: Clusters,
}

impl Site {
    /// Starts everything; the replica follows nobody yet.
    ///
    /// # Errors
    /// When something does not start.
    pub(crate) fn start(eastwest: &Path, installed: &Installed) -> anyhow::Result<Self> {
        let mut clusters = Clusters::prepare_on(eastwest, &plan()?)?;
        clusters.can_hold_databases()?;
        let congestion = congestion::choose(&clusters)?;
        clusters.start_dns()?;
        clusters.start_gateway()?;
        let options = options(installed.flavor());
        let databases = clusters.start_databases_with(installed, &options)?;
        let processes = [
            (
                Part::ReplicaShim,
                clusters.program(&format!("{REPLICA}-shim"))?.id(),
            ),
            (Part::Gateway, clusters.program("gateway")?.id()),
            (
                Part::SourceShim,
                clusters.program(&format!("{}-shim", SOURCE.name))?.id(),
            ),
            (Part::Source, databases.source.pid()),
            (Part::Replica, databases.replica.pid()),
        ];
        let clocks = processes
            .into_iter()
            .map(|(part, process)| Ok((part, CpuClock::of(process)?)));
        let clocks = clocks.collect::<std::io::Result<_>>();
        Ok(Self {
            databases,
            meter: Meter::new(clocks.context("a program ended")?),
            congestion,
            clusters,
        })
    }
}
