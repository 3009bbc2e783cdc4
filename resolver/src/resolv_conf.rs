//! What is needed of `/etc/resolv.conf`: see resolv.conf(5).

#[cfg(test)]
mod tests;

use std::{
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6},
    path::Path,
};

use crate::name::Domain;

/// Where a pod and a machine keep it.
pub const PATH: &str = "/etc/resolv.conf";

/// The port of `nameserver` lines, which can't name one.
pub const DNS_PORT: u16 = 53;

/// The name servers and search domains of one resolv.conf.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResolvConf {
    /// `nameserver` lines, in their order.
    pub nameservers: Vec<SocketAddr>,
    /// The last `search` or `domain` line.
    pub search: Vec<Domain>,
    /// `options rotate`: questions are spread over the name servers.
    pub rotate: bool,
    /// Lines that were passed over, each a sentence that starts with `FILE:LINE`.
    pub warnings: Vec<String>,
}

/// The file can't be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the name servers from {path}: {source}")]
pub struct UnreadableResolvConf {
    path: String,
    source: io::Error,
}

impl ResolvConf {
    /// Reads and parses the file.
    pub fn read(path: &Path) -> Result<Self, UnreadableResolvConf> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self::parse(&file, &text)),
            Err(source) => Err(UnreadableResolvConf { path: file, source }),
        }
    }

    /// Parses the text of a resolv.conf; `file` is its name in warnings. Lines that mean nothing
    /// here are passed over without a word, as the C library does.
    pub fn parse(file: &str, text: &str) -> Self {
        let mut conf = Self::default();
        for (index, line) in text.lines().enumerate() {
            let mut words = line.split_whitespace();
            let keyword = words.next().unwrap_or_default();
            let mut warn = |what: String| {
                conf.warnings.push(format!(
                    "{file}:{}: {what}; the line is passed over",
                    index + 1
                ));
            };
            match keyword {
                "nameserver" => match words.next().and_then(nameserver) {
                    Some(address) => conf.nameservers.push(address),
                    None => warn(format!("{:?} has no IP address", line.trim())),
                },
                "search" | "domain" => match words.map(str::parse).collect() {
                    Ok(search) => conf.search = search,
                    Err(error) => warn(format!("{}", error as crate::name::InvalidDomain)),
                },
                "options" => conf.rotate |= words.any(|option| option == "rotate"),
                _ => {}
            }
        }
        conf
    }
}

/// An IP address; a link-local IPv6 one may have a zone, of which only numbers are understood.
fn nameserver(text: &str) -> Option<SocketAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(SocketAddr::new(address, DNS_PORT));
    }
    let (address, zone) = text.split_once('%')?;
    let address: Ipv6Addr = address.parse().ok()?;
    Some(SocketAddrV6::new(address, DNS_PORT, 0, zone.parse().ok()?).into())
}
