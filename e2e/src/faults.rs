//! Faults on the path of a replica, struck under load, and what becomes of replication.
//!
//! A [`Ground`] is the two clusters with real servers, a replica that follows its source, and a load.
//! [`Ground::suffer`] strikes one [`Fault`] and mends it as a platform would, watches when the app is
//! told and when rows arrive again, and then compares every row. Nobody starts replication again by
//! hand: MySQL does, as soon as it can connect.

mod arrivals;
mod connection;
mod error;
mod fault;
mod ground;
mod ledger;
mod load;
mod outcome;
mod packets;
mod strike;
mod table;
mod trial;
mod watch;

pub use error::FaultError;
pub use fault::{Expected, Fault};
pub use ground::{CONNECT_RETRY, Ground};
pub use outcome::{NOTICED_WITHIN, Outcome};
pub use table::table;
