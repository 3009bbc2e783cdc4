//! A MySQL in cluster B that follows the one in cluster A by the alias.

use std::cell::Cell;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use eastwest::clusters::SOURCE;
use eastwest::mysql::{
    Account, Channel, Client, Installed, Server, ServerOptions, SqlError, TcpTarget,
};

use super::alias::{Family, PLAIN, ipv4_of};
use super::pods::Containers;

const PATIENCE: Duration = Duration::from_secs(40);
/// Far less than any time-out; a process is started for it.
const AT_ONCE: Duration = Duration::from_secs(3);

/// Where the server of a pod listens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ServerAt {
    /// As Percona's operator has it.
    AllIpv4,
    /// Dual stack.
    All,
    /// The pod's and 127.0.0.1.
    OwnAddresses,
}

impl fmt::Display for ServerAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AllIpv4 => "0.0.0.0:3306",
            Self::All => "[::]:3306",
            Self::OwnAddresses => "POD_IP:3306, 127.0.0.1:3306",
        })
    }
}

impl ServerAt {
    /// Whether it listens at the pod's address of that family.
    pub(crate) const fn has(self, family: Family) -> bool {
        matches!((self, family), (_, Family::V4) | (Self::All, Family::V6))
    }

    fn addresses(self, host: &str) -> Vec<IpAddr> {
        match self {
            Self::AllIpv4 => vec![Ipv4Addr::UNSPECIFIED.into()],
            Self::All => vec![Ipv6Addr::UNSPECIFIED.into()],
            Self::OwnAddresses => vec![ipv4_of(host).into(), Ipv4Addr::LOCALHOST.into()],
        }
    }
}

pub(crate) struct Replica<'i> {
    installed: &'i Installed,
    source: Server,
    account: Account,
    server: Option<Server>,
    at: ServerAt,
    host: &'static str,
    rows: Cell<u32>,
}

impl<'i> Replica<'i> {
    /// The source, and no replica yet.
    pub(crate) fn new(pods: &Containers, installed: &'i Installed) -> Self {
        let options = ServerOptions::new(NonZeroU32::MIN, pods.dir().join("source"));
        let host = pods.host(SOURCE.name);
        let source = Server::start(&*host, installed, options).unwrap();
        let account = Account {
            user: "replication".into(),
            password: "demo".into(),
        };
        account.create_on(source.client()).unwrap();
        source
            .sql("CREATE DATABASE matrix; CREATE TABLE matrix.t (id INT PRIMARY KEY)")
            .unwrap();
        Self {
            installed,
            source,
            account,
            server: None,
            at: ServerAt::OwnAddresses,
            host: PLAIN,
            rows: Cell::new(0),
        }
    }

    pub(crate) const fn at(&self) -> ServerAt {
        self.at
    }

    /// Starts the server, with the rows that it has.
    pub(crate) fn start_on(&mut self, pods: &Containers, host: &'static str, at: ServerAt) {
        let id = NonZeroU32::MIN.saturating_add(1);
        let mut options = ServerOptions::new(id, pods.dir().join("replica"));
        options.bind_addresses = at.addresses(host);
        let server = Server::start(&*pods.host(host), self.installed, options);
        self.server = Some(server.unwrap_or_else(|error| panic!("{at}: {error}")));
        (self.at, self.host) = (at, host);
    }

    pub(crate) fn stop(&mut self) {
        self.server.take().unwrap().stop(PATIENCE).unwrap();
    }

    fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    fn insert(&self) {
        self.rows.set(self.rows.get() + 1);
        let insert = format!("INSERT INTO matrix.t VALUES ({})", self.rows.get());
        self.source.sql(&insert).unwrap();
    }

    /// By the alias at this port; with a row from before and one from while it follows.
    pub(crate) fn follows(&self, port: u16) {
        self.insert();
        let replica = self.server().replica();
        let channel = Channel::new(SOURCE.alias(), port, self.account.clone());
        replica.follow(&channel).unwrap();
        let status = replica.wait_running(PATIENCE).unwrap();
        assert_eq!(status.source_host(), SOURCE.alias());
        assert_eq!(status.source_port(), Some(port));
        self.insert();
        replica
            .wait_caught_up(self.source.client(), PATIENCE)
            .unwrap();
        let rows = self.server().sql("SELECT COUNT(*) FROM matrix.t").unwrap();
        assert_eq!(rows, [[self.rows.get().to_string()]]);
    }

    /// How the server is told from others.
    pub(crate) fn uuid(&self) -> String {
        self.server()
            .client()
            .value("SELECT @@server_uuid")
            .unwrap()
    }

    /// Which server answers there, seen from another pod.
    pub(crate) fn server_at(
        &self,
        pods: &Containers,
        from: &str,
        at: SocketAddr,
    ) -> Result<String, SqlError> {
        let host = at.ip().to_string();
        let target = TcpTarget {
            host: &host,
            port: at.port(),
            user: &self.account.user,
            password: &self.account.password,
        };
        let client = Client::over_tcp(self.installed, &*pods.host(from), target);
        client.value("SELECT @@server_uuid")
    }

    /// An app of the pod is told at once that nobody is there, and does not reach the pod's own server.
    pub(crate) fn is_refused(&self, pods: &Containers, dialled: SocketAddr) {
        let begun = Instant::now();
        let error = pods.dial(self.host, dialled).unwrap_err();
        let took = begun.elapsed();
        assert!(error.contains("refused"), "{dialled}: {error}");
        assert!(took < AT_ONCE, "{dialled}: refused after {took:?}");
        // It tries again, and must not have found another source.
        let status = self.server().replica().status().unwrap().unwrap();
        assert!(!status.is_running(), "{status:?}");
        self.server().replica().stop().unwrap();
    }
}
