//! The addresses of one subject. Each has loopback addresses of its own, so that the ports of ended
//! connections (TIME_WAIT) run out for none because of another.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::job::Job;

/// Where a subject's programs listen, what they dial, and the folder of their files.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Where clients connect, or ask.
    pub(crate) entry: SocketAddr,
    /// The end of the tunnel at the server.
    pub(crate) far_end: SocketAddr,
    /// Where the server is that all of it leads to.
    pub(crate) backend: SocketAddr,
    /// The name server of our gateway.
    pub(crate) names: SocketAddr,
    /// For configuration and logs.
    pub(crate) dir: PathBuf,
}

/// The app's port; it is in the server name as well.
pub(crate) const APP_PORT: u16 = 3306;
/// Where shims listen in pods, and the gateway dials.
const SHIM_PORT: u16 = 15444;
const GATEWAY_PORT: u16 = 15443;
const DNS_PORT: u16 = 15053;

impl Place {
    /// The place of this number; no two of a run are the same.
    pub(crate) fn new(job: Job, number: u16, dir: PathBuf) -> Self {
        let (entry, backend) = match job {
            Job::Gateway => (GATEWAY_PORT, SHIM_PORT),
            Job::Tunnel => (APP_PORT, APP_PORT),
            Job::Resolver => (DNS_PORT, DNS_PORT),
        };
        Self {
            entry: address(70, number, entry),
            far_end: address(73, number, SHIM_PORT),
            backend: address(71, number, backend),
            names: address(74, number, DNS_PORT),
            dir,
        }
    }
}

fn address(network: u8, number: u16, port: u16) -> SocketAddr {
    let [high, low] = number.to_be_bytes();
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, network, high, low)), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_places_share_an_address() {
        let mut seen = std::collections::BTreeSet::new();
        for number in [1, 2, 255, 256, 257] {
            let place = Place::new(Job::Tunnel, number, PathBuf::new());
            for address in [place.entry, place.far_end, place.backend, place.names] {
                assert!(seen.insert(address), "{address} twice");
            }
        }
    }
}
