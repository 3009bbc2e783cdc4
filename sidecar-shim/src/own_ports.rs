//! Ports that a server of this pod owns, and who listens on them just now: the server wins, always.
//!
//! Beside a mysqld at addresses of its own there is room for the shim at another one, on the same port.
//! Were the shim there first, a mysqld that wants all addresses could not start, as it does after a
//! crash of a whole cluster whatever its configuration says. So the shim is there only while somebody
//! else is, at addresses of its own. Which ports these are is not known before a server has started, so
//! that where the shim is asked for the aliases it leaves all of them free until then: who follows an
//! alias asks for it after it has started itself.

mod given;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub(crate) use given::given;

/// The sockets of this network namespace; readable in the sandbox.
const TABLES: [&str; 2] = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
/// What the reason says where a server has the port of every address, so that whoever dials an alias's gets it.
pub const OF_ALL_ADDRESSES: &str = "of all addresses";
/// `TCP_LISTEN` of net/tcp_states.h.
const LISTEN: &str = "0A";

/// Who listens on a port, beside the shim.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Holder {
    Nobody,
    /// A wildcard address, of either family.
    AllAddresses,
    OwnAddresses,
    /// It cannot be told.
    Unknown(String),
}

/// When a port that no server is known to own is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unowned {
    AtOnce,
    /// When an alias is first asked for.
    WhenAsked,
}

/// What the shim may do with a port.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    Take,
    /// Nobody has it, and nobody has asked for an alias.
    NotYet,
    /// It is a server's, and why the shim is not beside it.
    Leave(String),
}

/// The ports, each with its holder when it was last looked at.
#[derive(Debug)]
pub(crate) struct OwnPorts {
    holders: BTreeMap<u16, Holder>,
    unowned: Unowned,
    /// Ports at which the shim answers for itself or lets callers in.
    shims: BTreeSet<u16>,
    /// Ports that others have, while ports that nobody has are left free.
    others: BTreeSet<u16>,
}

impl OwnPorts {
    pub(crate) fn new(ports: impl IntoIterator<Item = u16>, unowned: Unowned) -> Self {
        let holders = ports.into_iter().map(|port| (port, Holder::Nobody));
        Self {
            holders: holders.collect(),
            unowned,
            shims: BTreeSet::new(),
            others: BTreeSet::new(),
        }
    }

    /// With the addresses that the shim itself has, which make no server of the pod.
    pub(crate) fn with_shims(mut self, addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.shims = addresses.into_iter().map(|at| at.port()).collect();
        self
    }

    /// Whether the shim has a port for itself.
    pub(crate) fn is_shims(&self, port: u16) -> bool {
        self.shims.contains(&port)
    }

    /// Whether ports that nobody has are left free.
    pub(crate) fn is_waiting(&self) -> bool {
        self.unowned == Unowned::WhenAsked
    }

    /// An alias has been asked for: a server that is not here by now has none of the ports.
    pub(crate) fn asked(&mut self) {
        self.unowned = Unowned::AtOnce;
    }

    /// Takes for a server's each of the aliases' ports that somebody has where a server of a pod may have
    /// it. Says which are new.
    pub(crate) fn learn(&mut self, aliases: impl Iterator<Item = SocketAddr>) -> Vec<u16> {
        let ports: HashSet<u16> = aliases.map(|alias| alias.port()).collect();
        let all = listening().unwrap_or_default();
        let mut servers: Vec<_> = all
            .iter()
            .filter(|at| ports.contains(&at.port()) && !self.is_shims(at.port()))
            .filter(|at| is_servers(at.ip()))
            .map(SocketAddr::port)
            .collect();
        servers.retain(|port| self.add(*port));
        servers
    }

    /// One more, from the next look on. False if it was known.
    pub(crate) fn add(&mut self, port: u16) -> bool {
        match self.holders.entry(port) {
            Entry::Vacant(new) => {
                new.insert(Holder::AllAddresses);
                true
            }
            Entry::Occupied(_) => false,
        }
    }

    pub(crate) fn has(&self, port: u16) -> bool {
        self.holders.contains_key(&port)
    }

    /// Looks who listens; `shims` are the listeners of this process. Whether something has changed.
    pub(crate) fn look(&mut self, shims: impl Fn(SocketAddr) -> bool) -> bool {
        if self.holders.is_empty() && !self.is_waiting() {
            return false;
        }
        let others = listening().map(|all| {
            let others = all.into_iter().filter(|address| !shims(*address));
            others.collect::<Vec<_>>()
        });
        self.others = match &others {
            Ok(others) if self.is_waiting() => others.iter().map(SocketAddr::port).collect(),
            _ => BTreeSet::new(),
        };
        let mut changed = false;
        for (port, known) in &mut self.holders {
            let now = match &others {
                Ok(others) => holder(*port, others),
                Err(error) => Holder::Unknown(error.to_string()),
            };
            changed |= *known != now;
            *known = now;
        }
        changed
    }

    /// What the shim may do with a port now.
    pub(crate) fn claim(&self, port: u16) -> Claim {
        match self.why_not(port) {
            Some(why) => Claim::Leave(why),
            None if self.is_waiting() && !self.has(port) && !self.others.contains(&port) => {
                Claim::NotYet
            }
            None => Claim::Take,
        }
    }

    /// Why the shim must not listen on a port now.
    pub(crate) fn why_not(&self, port: u16) -> Option<String> {
        match self.holders.get(&port)? {
            Holder::OwnAddresses => None,
            Holder::Nobody => Some(format!(
                "port {port} is that of a server of this pod, which does not listen yet and is to \
                 have it first"
            )),
            Holder::AllAddresses => Some(format!(
                "a server of this pod has port {port} {OF_ALL_ADDRESSES}: use --mode port or redirect, \
                 or give it addresses of its own (mysqld: bind_address=POD_IP,127.0.0.1)"
            )),
            Holder::Unknown(why) => Some(format!(
                "port {port} is that of a server of this pod, and whether it listens is not known: {why}"
            )),
        }
    }

    /// Whether a wildcard address has a port that is in use.
    pub(crate) fn is_taken_whole(port: u16) -> bool {
        listening().is_ok_and(|all| holder(port, &all) == Holder::AllAddresses)
    }
}

/// Other loopback addresses than localhost are an alias's, or those of an experiment on one host.
fn is_servers(ip: IpAddr) -> bool {
    !ip.is_loopback() || ip == Ipv4Addr::LOCALHOST || ip == Ipv6Addr::LOCALHOST
}

fn holder(port: u16, listening: &[SocketAddr]) -> Holder {
    let mut at = listening
        .iter()
        .filter(|address| address.port() == port)
        .peekable();
    if at.peek().is_none() {
        Holder::Nobody
    } else if at.any(|address| address.ip().is_unspecified()) {
        Holder::AllAddresses
    } else {
        Holder::OwnAddresses
    }
}

/// All listeners of this network namespace. A kernel without IPv6 has no list of it.
///
/// # Errors
/// When the kernel's list can't be read.
pub fn listening() -> io::Result<Vec<SocketAddr>> {
    let mut found = Vec::new();
    for table in TABLES {
        match File::open(table) {
            Ok(file) => read(BufReader::new(file), &mut found)?,
            Err(error) if error.kind() == ErrorKind::NotFound && table != TABLES[0] => {}
            Err(error) => return Err(io::Error::new(error.kind(), format!("{table}: {error}"))),
        }
    }
    Ok(found)
}

/// Listeners come first (net/ipv4/tcp_ipv4.c, `tcp_get_idx`), so that connections, of which there may
/// be thousands, are not read.
fn read(table: impl BufRead, found: &mut Vec<SocketAddr>) -> io::Result<()> {
    for line in table.lines().skip(1) {
        let line = line?;
        let mut columns = line.split_ascii_whitespace().skip(1);
        let (Some(local), Some(state)) = (columns.next(), columns.nth(1)) else {
            continue;
        };
        if state != LISTEN {
            break;
        }
        found.extend(address(local));
    }
    Ok(())
}

/// `0100007F:0CEA`: words of 32 bits as the machine reads them, the port as people do.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let word = |at: usize| {
        let digits = ip.get(8 * at..8 * at + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    let ip: IpAddr = match ip.len() {
        8 => Ipv4Addr::from(word(0)?).into(),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let octets: [u8; 16] = words.concat().try_into().ok()?;
            Ipv6Addr::from(octets).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests;
