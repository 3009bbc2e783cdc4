//! Real MySQL and MariaDB servers, for the demo and the whole-system tests.
//!
//! [`Packages`] fetches a server from the Debian mirror that this machine already uses and unpacks
//! it into a cache directory: nothing is installed, no root is needed. [`Server`] runs one on any
//! [`Host`](crate::stage::host::Host), [`Client`] talks to it through its own client program,
//! [`Replica`] makes it follow another the way the Percona operator does, [`Workload`] writes to it
//! and [`compare`] proves that both sides hold the same rows.
//!
//! Everything here blocks the calling thread; from async code use a thread made for blocking.

mod client;
mod compare;
mod datadir;
mod flavor;
mod installed;
mod invocation;
mod output;
mod packages;
mod replication;
mod rows;
mod server;
mod session;
mod sql_error;
mod sql_text;
mod workload;

pub use client::{Client, TcpTarget};
pub use compare::{Columns, CompareError, Compared, Difference, Presence, compare};
pub use datadir::DatadirError;
pub use flavor::Flavor;
pub use installed::{Installed, LayoutError};
pub use packages::{FetchError, Packages};
pub use replication::{
    Account, Channel, IoThread, LogPosition, Receiving, Replica, ReplicaStatus, ReplicationError,
    SourceHost,
};
pub use server::{Server, ServerOptions, StartError, StopError, Stopped};
pub use session::Session;
pub use sql_error::SqlError;
pub use workload::{Pace, Workload, WorkloadError, Written};
