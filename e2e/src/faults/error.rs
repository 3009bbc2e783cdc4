//! Why a fault could not be struck, or what has become of replication.

use std::io;
use std::time::Duration;

use eastwest::clusters::ClustersError;
use eastwest::mysql::{CompareError, ReplicationError, SqlError, StartError, WorkloadError};
use eastwest::stage::StageError;
use thiserror::Error;

/// Why a fault could not be struck, or what has become of replication.
#[derive(Debug, Error)]
pub enum FaultError {
    /// The clusters, or one of their programs.
    #[error(transparent)]
    Clusters(#[from] ClustersError),
    /// The hosts or the networks.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A database did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A statement failed.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// The replica does not follow.
    #[error(transparent)]
    Replication(#[from] ReplicationError),
    /// The rows are not the same.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// The load ended although its source was well.
    #[error(transparent)]
    Workload(#[from] WorkloadError),
    /// The system refused something.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// The system's words.
        source: io::Error,
    },
    /// A program of the set-up failed.
    #[error("{what}: {said}")]
    Failed {
        /// What was run.
        what: String,
        /// What it said.
        said: String,
    },
    /// The replica has no connection that could be watched.
    #[error("the replica has no connection to its source's alias")]
    NoConnection,
    /// Rows do not arrive.
    #[error("no row has arrived within {} s", waited.as_secs())]
    Stalled {
        /// How long was waited.
        waited: Duration,
    },
    /// Rows that were committed are not on the replica.
    #[error("lost: rows {0:?} were committed on the source")]
    Lost(Vec<u64>),
    /// Rows that were written once are there more than once.
    #[error("doubled: rows {0:?}")]
    Doubled(Vec<u64>),
    /// The replica has written by itself.
    #[error("the replica has transactions that its source does not have: {0}")]
    Errant(String),
    /// Threads of dead connections go on.
    #[error("the source sends to {0} replicas, but there is one")]
    DumpThreads(usize),
}

impl FaultError {
    /// Names what an error of the system belongs to.
    pub(super) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}
