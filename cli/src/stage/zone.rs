//! The names that a cluster's DNS server knows, as a file that can change under it.
//!
//! One address a line, `NAME A|AAAA ADDRESS TTL`; `#` starts a comment.

use std::fmt;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::num::ParseIntError;
use std::path::Path;
use std::str::FromStr;

use hickory_proto::rr::{LowerName, Name};

#[cfg(test)]
mod tests;

/// Addresses by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Zone {
    addresses: Vec<Address>,
}

/// One address of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Address {
    name: LowerName,
    address: IpAddr,
    ttl: u32,
}

/// What a zone says about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Its addresses of the family that was asked for, with their times to live in seconds.
    Addresses(Vec<(IpAddr, u32)>),
    /// The name exists, or one below it does, but has none of these (RFC 2308 section 2.2).
    NoData,
    /// There is no such name, and none below it (RFC 8020).
    NoSuchName,
}

/// The family of addresses that a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// IPv4, type A.
    V4,
    /// IPv6, type AAAA.
    V6,
    /// Any other type, of which there is nothing.
    Other,
}

/// Why a line is not one of a zone.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}, but a line is NAME A|AAAA ADDRESS TTL")]
pub struct ZoneError {
    line: usize,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("{0} words")]
    Words(usize),
    #[error("{0:?} is not a DNS name")]
    Name(String),
    #[error("{0:?} is not an address of type {1:?}")]
    Address(String, String),
    #[error("{0:?} is not a time to live in seconds ({1})")]
    Ttl(String, ParseIntError),
}

impl Zone {
    /// A zone without names.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an address to a name.
    ///
    /// # Errors
    /// If `name` is not a DNS name.
    pub fn with(mut self, name: &str, address: IpAddr, ttl: u32) -> Result<Self, ZoneError> {
        let line = self.addresses.len().saturating_add(1);
        let name = lower_name(name).map_err(|problem| ZoneError { line, problem })?;
        self.addresses.push(Address { name, address, ttl });
        Ok(self)
    }

    /// Replaces the file at `path` as one step, so that a server never reads half of it.
    ///
    /// # Errors
    /// If the file, or one beside it named `.new`, cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        fs::write(&new, self.to_string())?;
        fs::rename(new, path)
    }

    /// What the zone says.
    #[must_use]
    pub fn look_up(&self, name: &LowerName, family: Family) -> Answer {
        let addresses: Vec<_> = self
            .addresses
            .iter()
            .filter(|known| known.name == *name && known.family() == family)
            .map(|known| (known.address, known.ttl))
            .collect();
        if !addresses.is_empty() {
            return Answer::Addresses(addresses);
        }
        // zone_of() holds for the name itself, too.
        match self.addresses.iter().any(|known| name.zone_of(&known.name)) {
            true => Answer::NoData,
            false => Answer::NoSuchName,
        }
    }
}

impl Address {
    fn family(&self) -> Family {
        match self.address {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        }
    }
}

fn lower_name(text: &str) -> Result<LowerName, Problem> {
    let absolute = Name::from_utf8(text).map(|mut name| {
        name.set_fqdn(true);
        LowerName::from(name)
    });
    absolute.map_err(|_| Problem::Name(text.to_owned()))
}

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Self, ZoneError> {
        let mut zone = Self::new();
        for (line, content) in (1..).zip(text.lines()) {
            let content = content.split('#').next().unwrap_or_default();
            let words: Vec<&str> = content.split_whitespace().collect();
            if !words.is_empty() {
                let address = parse(&words).map_err(|problem| ZoneError { line, problem })?;
                zone.addresses.push(address);
            }
        }
        Ok(zone)
    }
}

fn parse(words: &[&str]) -> Result<Address, Problem> {
    let [name, kind, address, ttl] = words else {
        return Err(Problem::Words(words.len()));
    };
    let parsed = address.parse::<IpAddr>().ok();
    let parsed = parsed.filter(|address| kind_of(address) == *kind);
    Ok(Address {
        name: lower_name(name)?,
        address: parsed
            .ok_or_else(|| Problem::Address((*address).to_owned(), (*kind).to_owned()))?,
        ttl: ttl
            .parse()
            .map_err(|error| Problem::Ttl((*ttl).to_owned(), error))?,
    })
}

fn kind_of(address: &IpAddr) -> &'static str {
    match address {
        IpAddr::V4(_) => "A",
        IpAddr::V6(_) => "AAAA",
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Address { name, address, ttl } in &self.addresses {
            writeln!(f, "{name} {} {address} {ttl}", kind_of(address))?;
        }
        Ok(())
    }
}
