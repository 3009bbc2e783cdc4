//! Why a replica does not follow.

use std::time::Duration;

use thiserror::Error;

use super::status::ReplicaStatus;
use crate::mysql::sql_error::SqlError;

/// Why a replica does not follow.
#[derive(Debug, Error)]
pub enum ReplicationError {
    /// A statement failed.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// No source has been set.
    #[error("the server follows no source: SHOW REPLICA STATUS is empty")]
    NoChannel,
    /// MariaDB has no list of sources to fail over to.
    #[error("MariaDB follows one source only, and {alternates} more were given")]
    NoFailover {
        /// How many were given beside the first.
        alternates: usize,
    },
    /// It is not connected, or does not apply.
    #[error("the replica does not run after {} s: {status}", waited.as_secs_f32())]
    NotRunning {
        /// How long it was waited for.
        waited: Duration,
        /// How it does now.
        status: ReplicaStatus,
    },
    /// It runs behind, or has stopped.
    #[error(
        "the replica has not reached {position} after {} s: {status}", waited.as_secs_f32()
    )]
    NotCaughtUp {
        /// How long it was waited for.
        waited: Duration,
        /// The source's GTIDs, or a place in its log.
        position: String,
        /// How it does now.
        status: ReplicaStatus,
    },
}
