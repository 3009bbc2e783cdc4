//! Dialling a host by its name, without asking a name server each time.
//!
//! An answer is used again for as long as it says, at most [`LONGEST`]. A pod may have moved all the
//! same: where the addresses that are remembered do not answer at once, the name is asked for anew,
//! and what it says then counts. It is asked for every second while nothing answers, because its record
//! follows the pod. That another pod has got the address in the meantime can't be seen
//! here; the far end has to prove who it is.
//!
//! Where name servers fail, what they said last is used for a while.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{DialError, Dialled, dial};
use crate::reason::Reason;
use crate::resolve::{NameServers, ResolveError};
use crate::socket::SocketOptions;

/// Longest time for which an answer is used again: the TTL that Kubernetes gives its own names.
const LONGEST: Duration = Duration::from_secs(5);
/// How much longer an answer is used where name servers fail: they have started anew by then, and
/// pods may have. The pods of a set share an identity, so that one with another's address passes for
/// it.
const LAST: Duration = Duration::from_secs(60);
/// Time in which remembered addresses have to answer. A connection within a cluster takes a
/// millisecond; Linux sends the first SYN again after a second.
const AT_ONCE: Duration = Duration::from_millis(250);
/// Time after which the name of a host that is silent is asked for again.
const AGAIN: Duration = Duration::from_secs(1);
/// Names that are remembered. For one more all are forgotten: so many are asked for by somebody who
/// tries names, and an honest one costs a question.
const NAMES: usize = 16 * 1024;

/// Why a host could not be reached.
#[derive(Debug, thiserror::Error)]
pub enum NamedDialError {
    /// It has no address for us.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// None of its addresses answered.
    #[error("{host}: {error}")]
    Dial {
        /// The host.
        host: String,
        /// What each address said.
        error: DialError,
    },
}

impl NamedDialError {
    /// The reason for a connection that ended because of this.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Resolve(error) => error.reason(),
            Self::Dial { error, .. } => error.reason,
        }
    }
}

/// Dials hosts by name.
#[derive(Debug)]
pub struct NamedDialer {
    names: NameServers,
    sockets: SocketOptions,
    known: Mutex<HashMap<Box<str>, Known>>,
}

#[derive(Debug, Clone)]
struct Known {
    addresses: Arc<[IpAddr]>,
    until: Instant,
}

/// When an answer was given.
#[derive(Debug, Clone, Copy)]
enum Since {
    /// For another dial.
    Before,
    /// For this one.
    Now,
}

impl Since {
    /// How long its addresses may be silent until the name is asked for.
    const fn patience(self) -> Duration {
        match self {
            Self::Before => AT_ONCE,
            Self::Now => AGAIN,
        }
    }
}

impl NamedDialer {
    /// A dialer that asks those name servers, and remembers nothing yet.
    #[must_use]
    pub fn new(names: NameServers, sockets: SocketOptions) -> Self {
        Self {
            names,
            sockets,
            known: Mutex::default(),
        }
    }

    /// A connection to `host`, looked up and made before `deadline`.
    ///
    /// # Errors
    /// When the host has no address, or none that answers.
    pub async fn dial(
        &self,
        host: &str,
        port: u16,
        deadline: Instant,
    ) -> Result<Dialled, NamedDialError> {
        self.dial_noting(host, port, deadline, |_| {}).await
    }

    /// [`dial`](Self::dial), which says when the name has been looked up: not at all where its addresses
    /// are remembered, and again where it leads elsewhere meanwhile.
    ///
    /// # Errors
    /// As [`dial`](Self::dial).
    pub async fn dial_noting(
        &self,
        host: &str,
        port: u16,
        deadline: Instant,
        looked_up: impl Fn(Instant),
    ) -> Result<Dialled, NamedDialError> {
        let known = self.lock().get(host).cloned();
        let dialled = match known {
            Some(known) if known.until > Instant::now() => {
                let before = Since::Before;
                self.dial_known(&known, before, (host, port), deadline, &looked_up)
                    .await?
            }
            known => {
                let addresses = self.look_up(host, deadline, known).await?;
                let until = Instant::now();
                looked_up(until);
                self.dial_known(
                    &Known { addresses, until },
                    Since::Now,
                    (host, port),
                    deadline,
                    &looked_up,
                )
                .await?
            }
        };
        dialled.map_err(|error| NamedDialError::Dial {
            host: host.to_owned(),
            error,
        })
    }

    async fn dial_known(
        &self,
        known: &Known,
        mut since: Since,
        (host, port): (&str, u16),
        deadline: Instant,
        looked_up: &impl Fn(Instant),
    ) -> Result<Result<Dialled, DialError>, ResolveError> {
        let mut dialling = pin!(dial(&known.addresses, port, deadline, &self.sockets));
        let moved = loop {
            let ended = timeout(since.patience(), &mut dialling).await;
            if let Ok(Ok(dialled)) = ended {
                return Ok(Ok(dialled));
            }
            let mut asking = pin!(self.look_up(host, deadline, Some(known.clone())));
            let (error, found) = match (ended, since) {
                (Ok(Err(error)), Since::Now) => return Ok(Err(error)),
                (Ok(Err(error)), Since::Before) => (Some(error), asking.await?),
                _ => tokio::select! {
                    // It may answer yet.
                    dialled = &mut dialling => match dialled {
                        Ok(dialled) => return Ok(Ok(dialled)),
                        Err(error) => (Some(error), asking.await?),
                    },
                    found = &mut asking => (None, found?),
                },
            };
            match error {
                _ if !same(&found, &known.addresses) => {
                    looked_up(Instant::now());
                    break found;
                }
                Some(error) => return Ok(Err(error)),
                None => since = Since::Now,
            }
        };
        Ok(dial(&moved, port, deadline, &self.sockets).await)
    }

    /// Asks for the name; `last` is what is used where nobody can tell.
    async fn look_up(
        &self,
        host: &str,
        deadline: Instant,
        last: Option<Known>,
    ) -> Result<Arc<[IpAddr]>, ResolveError> {
        let left = deadline.saturating_duration_since(Instant::now());
        // Name servers that are silent must leave time for the dial.
        let until = match last {
            Some(_) => Instant::now() + left / 2,
            None => deadline,
        };
        let answer = match (self.names.look_up(host, until).await, last) {
            (Err(error @ ResolveError::Failed { .. }), Some(last))
                if last.until + LAST > Instant::now() =>
            {
                tracing::warn!(%error, "using the addresses that were found last");
                return Ok(last.addresses);
            }
            (answer, _) => answer,
        };
        let mut known = self.lock();
        let answer = answer.inspect_err(|_| drop(known.remove(host)))?;
        let addresses: Arc<[IpAddr]> = answer.addresses.into();
        if known.len() >= NAMES {
            known.clear();
        }
        let entry = Known {
            addresses: Arc::clone(&addresses),
            until: Instant::now() + answer.ttl.min(LONGEST),
        };
        known.insert(host.into(), entry);
        Ok(addresses)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same addresses: name servers change their order.
fn same(one: &[IpAddr], other: &[IpAddr]) -> bool {
    one.len() == other.len() && one.iter().all(|address| other.contains(address))
}

#[cfg(test)]
mod tests;
