//! From a host name to addresses, through name servers only. Nothing is remembered here; see
//! [`NamedDialer`](crate::dial::NamedDialer).

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RecordType;
use tokio::time::{Instant, sleep_until};

use crate::reason::Reason;

/// Time for one question to one name server, and how often a server is asked.
const TIMEOUT: Duration = Duration::from_secs(2);
const ATTEMPTS: usize = 2;
/// How much longer than IPv4 addresses the IPv6 ones may take (RFC 8305 section 3: 50 ms, there for
/// IPv6, with which most hosts cannot do alone).
const GRACE_FOR_V6: Duration = Duration::from_millis(50);
/// How much longer than IPv6 addresses the IPv4 ones may take: without them a host that has no IPv6
/// has none, so one that is late only for a moment must not be given up.
const GRACE_FOR_V4: Duration = Duration::from_millis(500);

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

/// What name servers say of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its addresses, never none; IPv4 first.
    pub addresses: Vec<IpAddr>,
    /// How long that may be used again.
    pub ttl: Duration,
}

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
    /// Both families are asked for at once. When one has answered with addresses, the other is
    /// given little more time: a name server that drops AAAA questions must not cost the connection.
    ///
    /// # Errors
    /// When there is no such name, or nobody could tell before `deadline`.
    pub async fn look_up(&self, host: &str, deadline: Instant) -> Result<Answer, ResolveError> {
        let name = format!("{}.", host.trim_end_matches('.'));
        let mut asking_v4 = pin!(self.ask(&name, RecordType::A));
        let mut asking_v6 = pin!(self.ask(&name, RecordType::AAAA));
        let (mut v4, mut v6) = (None, None);
        let mut until = deadline;
        while v4.is_none() || v6.is_none() {
            let (answer, slot, grace) = tokio::select! {
                answer = &mut asking_v4, if v4.is_none() => (answer, &mut v4, GRACE_FOR_V6),
                answer = &mut asking_v6, if v6.is_none() => (answer, &mut v6, GRACE_FOR_V4),
                () = sleep_until(until) => break,
            };
            if answer.is_ok() {
                until = until.min(Instant::now() + grace);
            }
            *slot = Some(answer);
        }
        match (
            v4.unwrap_or(Err(Missing::Late)),
            v6.unwrap_or(Err(Missing::Late)),
        ) {
            (Ok(mut v4), Ok(v6)) => {
                v4.addresses.extend(v6.addresses);
                v4.ttl = v4.ttl.min(v6.ttl);
                Ok(v4)
            }
            (Ok(one), Err(_)) | (Err(_), Ok(one)) => Ok(one),
            (Err(v4), Err(v6)) => Err(v4.max(v6).of(host)),
        }
    }

    /// The addresses of one family; never an empty list.
    async fn ask(&self, name: &str, family: RecordType) -> Result<Answer, Missing> {
        match self.inner.lookup(name, family).await {
            Ok(found) => {
                let records = found.answers();
                let addresses = records.iter().filter_map(|record| record.data.ip_addr());
                let addresses: Vec<_> = addresses.collect();
                // Aliases on the way have a TTL as well.
                match records.iter().map(|record| record.ttl).min() {
                    Some(ttl) if !addresses.is_empty() => Ok(Answer {
                        addresses,
                        ttl: Duration::from_secs(ttl.into()),
                    }),
                    _ => Err(Missing::NoAddress),
                }
            }
            Err(e) if e.is_nx_domain() => Err(Missing::NoSuchName),
            Err(e) if e.is_no_records_found() => Err(Missing::NoAddress),
            Err(e) => Err(Missing::Failed(e.to_string())),
        }
    }
}

/// Why there is no address of one family. Where both are missing, the greater one decides: that a
/// name has no IPv4 address says little while nobody knows of IPv6, and a name that does not exist
/// has no address of any family.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Missing {
    NoAddress,
    Failed(String),
    Late,
    NoSuchName,
}

impl Missing {
    fn of(self, host: &str) -> ResolveError {
        let name = host.to_owned();
        match self {
            Self::NoSuchName => ResolveError::NotFound {
                name,
                said: "no such name (NXDOMAIN)",
            },
            Self::NoAddress => ResolveError::NotFound {
                name,
                said: "the name exists, without an address",
            },
            Self::Failed(said) => ResolveError::Failed { name, said },
            Self::Late => ResolveError::Failed {
                name,
                said: "no name server has answered in the time there was".to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests;
