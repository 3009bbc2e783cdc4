//! What a server has open: its descriptors, by what they are, and its tasks.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::{Clusters, ClustersError};

#[cfg(test)]
mod tests;

/// Looks at a server that has just become ready, of which the smallest counts: its last task of the
/// start, or the probe that found it ready, may not be over.
const LOOKS: usize = 3;
const BETWEEN_LOOKS: Duration = Duration::from_millis(40);

/// What one descriptor is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Descriptor {
    /// A TCP connection, with both ends and its state; or a TCP socket that is in no list of the
    /// kernel's, which is one before it has connected, or after it was reset.
    Connection(String),
    /// A TCP listener.
    Listener(SocketAddr),
    /// One end of a pipe.
    Pipe,
    /// Anything else, as the kernel calls it, without numbers.
    Other(String),
}

/// What a server has open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Open {
    /// How many descriptors of each kind.
    pub descriptors: BTreeMap<Descriptor, usize>,
    /// Tasks of the runtime that moves data.
    pub tasks: u64,
    /// Connections that the server itself says are open.
    pub connections: u64,
}

/// A server whose descriptors and tasks are counted.
#[derive(Debug, Clone)]
pub struct Counted {
    /// The host that it runs on.
    pub host: String,
    /// Where it is scraped.
    pub metrics: SocketAddr,
    /// What it had open when it was ready.
    pub at_ready: Open,
}

impl Clusters {
    /// Counts what each server has open when it becomes ready, from now on.
    pub fn keep_count(&mut self) {
        self.counting = true;
    }

    /// Whoever is started again in the same way is held against its first start: that takes no time,
    /// which somebody may be measuring.
    pub(super) fn count_from_ready(
        &mut self,
        name: &str,
        started: String,
        (host, metrics): (&str, SocketAddr),
    ) -> Result<(), ClustersError> {
        if !self.counting {
            return Ok(());
        }
        let counted = match self.counted.get(&started) {
            Some(before) => before.clone(),
            None => {
                let pid = self.program(name)?.id();
                let counted = Counted {
                    host: host.to_owned(),
                    metrics,
                    at_ready: self.open_at_ready(pid, host, metrics)?,
                };
                self.counted.insert(started, counted.clone());
                counted
            }
        };
        self.program(name)?.count_from(counted);
        Ok(())
    }

    fn open_at_ready(
        &self,
        pid: u32,
        host: &str,
        metrics: SocketAddr,
    ) -> Result<Open, ClustersError> {
        let mut least = self.open(pid, host, metrics)?;
        for _ in 1..LOOKS {
            std::thread::sleep(BETWEEN_LOOKS);
            let again = self.open(pid, host, metrics)?;
            if again.tasks <= least.tasks {
                least = again;
            }
        }
        Ok(least)
    }

    /// What a server tells at its metrics address.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn scrape(&self, host: &str, metrics: SocketAddr) -> Result<String, ClustersError> {
        self.told(host, metrics, "/metrics")
    }

    /// What a server tells when it is asked for `path`.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn told(
        &self,
        host: &str,
        address: SocketAddr,
        path: &str,
    ) -> Result<String, ClustersError> {
        let mut command = self.eastwest_on(host)?;
        command.args(["app-scrape", &address.to_string(), path]);
        let answer: String = self.json(command)?;
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body);
        Ok(body.unwrap_or(&answer).to_owned())
    }

    /// What a server has open now.
    ///
    /// # Errors
    /// When its descriptors cannot be read, or its metrics.
    pub fn open(&self, pid: u32, host: &str, metrics: SocketAddr) -> Result<Open, ClustersError> {
        // Before the scrape, whose own connection may not be closed yet when its answer is read.
        let descriptors = descriptors(pid).map_err(|source| ClustersError::File {
            path: format!("/proc/{pid}/fd").into(),
            source,
        })?;
        let scraped = self.scrape(host, metrics)?;
        let told = |metric| {
            sum(&scraped, metric).ok_or_else(|| ClustersError::Answer {
                what: format!("{metric} of {metrics} on {host}"),
                said: scraped.clone(),
            })
        };
        Ok(Open {
            descriptors,
            tasks: told("eastwest_tasks")?,
            connections: told("eastwest_connections_open")?,
        })
    }
}

/// All series of a metric, which has to be there.
fn sum(scraped: &str, metric: &str) -> Option<u64> {
    let values = scraped.lines().filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let name = series.split('{').next()?;
        (name == metric).then(|| value.parse::<u64>().ok())?
    });
    values.reduce(|sum, value| sum + value)
}

fn descriptors(pid: u32) -> io::Result<BTreeMap<Descriptor, usize>> {
    let mut links = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        let path = entry?.path();
        // What comes in and where the log goes is up to whoever starts it.
        let standard = path
            .file_name()
            .is_some_and(|fd| ["0", "1", "2"].iter().any(|n| fd == *n));
        if !standard && let Ok(target) = fs::read_link(path) {
            links.push(target.to_string_lossy().into_owned());
        }
    }
    let mut sockets = HashMap::new();
    for table in ["tcp", "tcp6"] {
        let text = fs::read_to_string(format!("/proc/{pid}/net/{table}"))?;
        sockets.extend(text.lines().filter_map(tcp));
    }
    let mut others = HashMap::new();
    for table in ["udp", "udp6", "unix", "netlink"] {
        let text = fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
        let inode = |line: &str| -> Option<(u64, &str)> {
            let column = match table {
                "unix" => 6,
                _ => 9,
            };
            Some((line.split_whitespace().nth(column)?.parse().ok()?, table))
        };
        others.extend(text.lines().filter_map(inode));
    }
    let mut found = BTreeMap::new();
    for link in links {
        let descriptor = match link.split_once(":[") {
            Some(("socket", inode)) => {
                let inode = inode.trim_end_matches(']').parse().unwrap_or_default();
                // Not taken out: a gateway that may be succeeded has a second descriptor of each listener.
                match (sockets.get(&inode), others.get(&inode)) {
                    (Some(socket), _) => Descriptor::clone(socket),
                    (None, Some(table)) => Descriptor::Other(format!("{table} socket")),
                    (None, None) => Descriptor::Connection("in no list".to_owned()),
                }
            }
            Some(("pipe", _)) => Descriptor::Pipe,
            _ => Descriptor::Other(link),
        };
        *found.entry(descriptor).or_default() += 1;
    }
    Ok(found)
}

/// The inode of a line of proc_net_tcp(5), and the socket.
fn tcp(line: &str) -> Option<(u64, Descriptor)> {
    /// `TCP_LISTEN` of net/tcp_states.h.
    const LISTEN: &str = "0A";
    let columns: Vec<_> = line.split_whitespace().collect();
    let [_, local, remote, state, _, _, _, _, _, inode, ..] = columns.as_slice() else {
        return None;
    };
    let (local, remote) = (address(local)?, address(remote)?);
    let socket = match *state {
        LISTEN => Descriptor::Listener(local),
        state => Descriptor::Connection(format!("{local} with {remote}, state {state}")),
    };
    Some((inode.parse().ok()?, socket))
}

/// Words of 32 bits, each in the order of the machine, which is little-endian.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let word = |at: usize| {
        let digits = ip.get(8 * at..8 * at + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.swap_bytes())
    };
    let ip = match ip.len() {
        8 => IpAddr::V4(Ipv4Addr::from_bits(word(0)?)),
        _ => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let bits = words
                .iter()
                .fold(0, |bits, word| bits << 32 | u128::from(*word));
            IpAddr::V6(Ipv6Addr::from_bits(bits)).to_canonical()
        }
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}
