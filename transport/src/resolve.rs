//! From a host name to addresses, through name servers only.
//!
//! Nothing is remembered between look-ups: a pod that comes back with another address is found by
//! the next connection, and a name server that is near (it is, in a pod) answers in well under a
//! millisecond.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;

use crate::reason::Reason;

/// Time for one question to one name server, and how often a server is asked.
const TIMEOUT: Duration = Duration::from_secs(2);
const ATTEMPTS: usize = 2;

/// Why a name has no address for us.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The name servers say that there is no such name, or no address for it.
    #[error("{name} has no address: {said}")]
    NotFound {
        /// The name that was asked for.
        name: String,
        /// What the name server said.
        said: &'static str,
    },
    /// No name server gave an answer.
    #[error("{name} could not be looked up: {said}")]
    Failed {
        /// The name that was asked for.
        name: String,
        /// What went wrong.
        said: String,
    },
}

impl ResolveError {
    /// The reason for a connection that ended because of this.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::NotFound { .. } => Reason::NameNotFound,
            Self::Failed { .. } => Reason::NameLookupFailed,
        }
    }
}

/// Name servers could not be found in the system's configuration.
#[derive(Debug, thiserror::Error)]
#[error("no name servers: {0}")]
pub struct NoNameServers(String);

/// Asks name servers for addresses.
#[derive(Clone)]
pub struct NameServers {
    inner: TokioResolver,
}

impl std::fmt::Debug for NameServers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NameServers").finish_non_exhaustive()
    }
}

impl NameServers {
    /// The name servers of `/etc/resolv.conf`; `/etc/hosts` is honoured too.
    ///
    /// # Errors
    /// When the file is missing or broken.
    pub fn of_system() -> Result<Self, NoNameServers> {
        let mut builder = TokioResolver::builder_tokio()
            .map_err(|e| NoNameServers(format!("/etc/resolv.conf: {e}")))?;
        let options = builder.options_mut();
        options.cache_size = 0;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        Self::built(builder.build())
    }

    /// These servers and nothing else: neither `/etc/hosts` nor search domains.
    ///
    /// # Errors
    /// When the resolver cannot be built.
    pub fn at(servers: &[SocketAddr]) -> Result<Self, NoNameServers> {
        let servers = servers.iter().map(|server| {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut c| {
                c.port = server.port();
                c
            });
            NameServerConfig::new(server.ip(), true, connections.into())
        });
        let config = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
        let mut builder =
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        let options = builder.options_mut();
        options.cache_size = 0;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.use_hosts_file = ResolveHosts::Never;
        options.timeout = TIMEOUT;
        options.attempts = ATTEMPTS;
        Self::built(builder.build())
    }

    fn built<E: ToString>(resolver: Result<TokioResolver, E>) -> Result<Self, NoNameServers> {
        resolver
            .map(|inner| Self { inner })
            .map_err(|e| NoNameServers(e.to_string()))
    }

    /// The addresses of `host`, which is taken as fully qualified: search domains never apply.
    ///
    /// # Errors
    /// When there is no such name, or nobody could tell.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        let name = format!("{}.", host.trim_end_matches('.'));
        let found = self.inner.lookup_ip(name.as_str()).await;
        let not_found = |said| ResolveError::NotFound {
            name: host.to_owned(),
            said,
        };
        match found {
            Ok(found) => {
                let addresses: Vec<_> = found.iter().collect();
                if addresses.is_empty() {
                    Err(not_found("the answer is empty"))
                } else {
                    Ok(addresses)
                }
            }
            Err(e) if e.is_nx_domain() => Err(not_found("no such name (NXDOMAIN)")),
            Err(e) if e.is_no_records_found() => {
                Err(not_found("the name exists, without an address"))
            }
            Err(e) => Err(ResolveError::Failed {
                name: host.to_owned(),
                said: e.to_string(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::UdpSocket;

    /// A name server that says `rcode` to everything.
    async fn server(rcode: u8) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut packet = [0u8; 512];
            while let Ok((n, peer)) = socket.recv_from(&mut packet).await {
                packet[2] = 0x81;
                packet[3] = 0x80 | rcode;
                let _ = socket.send_to(&packet[..n], peer).await;
            }
        });
        address
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_is_told_from_a_server_that_fails() {
        let absent = NameServers::at(&[server(3).await]).unwrap();
        let error = absent
            .addresses("db-pxc-0.db-pxc.pxc.svc.cluster.local")
            .await
            .unwrap_err();
        assert_eq!(error.reason(), Reason::NameNotFound, "{error}");
        assert!(
            error
                .to_string()
                .starts_with("db-pxc-0.db-pxc.pxc.svc.cluster.local has no address")
        );

        let failing = NameServers::at(&[server(2).await]).unwrap();
        let error = failing
            .addresses("db-pxc-0.db-pxc.pxc.svc.cluster.local")
            .await
            .unwrap_err();
        assert_eq!(error.reason(), Reason::NameLookupFailed, "{error}");
    }
}
