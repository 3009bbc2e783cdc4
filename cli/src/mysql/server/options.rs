//! What a server is started with.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// What a server is started with. GTIDs and row-based binary logs are always on.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Differs between all servers of a replication topology.
    pub server_id: NonZeroU32,
    /// Addresses to listen on; `0.0.0.0` as the Percona operator has it. `::` takes IPv4 too.
    pub bind_addresses: Vec<IpAddr>,
    /// Port to listen on.
    pub port: u16,
    /// Where rows, socket and error log are; short, as a socket's path ends at 107 bytes.
    pub datadir: PathBuf,
    /// Further options as on the server's command line; they win over ours.
    pub extra: Vec<String>,
    /// How long it may take until it answers.
    pub start_timeout: Duration,
}

impl ServerOptions {
    /// On `0.0.0.0:3306`, with 60 s to start.
    pub fn new(server_id: NonZeroU32, datadir: impl Into<PathBuf>) -> Self {
        Self {
            server_id,
            bind_addresses: vec![Ipv4Addr::UNSPECIFIED.into()],
            port: 3306,
            datadir: datadir.into(),
            extra: Vec::new(),
            start_timeout: Duration::from_secs(60),
        }
    }

    /// On one address and port instead.
    #[must_use]
    pub fn listening_on(mut self, address: IpAddr, port: u16) -> Self {
        self.bind_addresses = vec![address];
        self.port = port;
        self
    }

    /// With one more option, e.g. `--replica-net-timeout=8`.
    #[must_use]
    pub fn with(mut self, option: impl Into<String>) -> Self {
        self.extra.push(option.into());
        self
    }
}
