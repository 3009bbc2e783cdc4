//! What all ways of a run on this machine have in common, and the addresses of each.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::{Through, Way, envoy, haproxy, ours};
use crate::bench::compare::Found;
use crate::bench::line;
use crate::clusters::Program;
use crate::measure::keys::{Files, Keys};

/// The app's port; it is in the server name as well.
pub(super) const APP: u16 = 23306;
const GATEWAY_PORT: u16 = 15443;
/// Where sidecars listen in pods, and our gateway dials.
const SIDECAR_PORT: u16 = 15444;
const DNS_PORT: u16 = 15053;
/// Networks of loopback addresses that are tried, until one is nobody's.
const NETWORKS: u16 = 50;

/// What all ways of a run on this machine have in common.
#[derive(Debug)]
pub(in crate::bench) struct Ground {
    /// For configuration and logs.
    pub(super) dir: PathBuf,
    pub(super) keys: Keys,
    /// This crate's program.
    pub(super) eastwest: PathBuf,
    /// Of each program.
    pub(super) threads: u16,
    /// How long the way to the gateway is.
    pub(super) long: Option<line::Way>,
    network: [u8; 2],
}

/// The addresses of one way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) entry: SocketAddr,
    /// Where the client's sidecar dials: the gateway, or what makes the way to it long.
    pub(super) uplink: SocketAddr,
    pub(super) gateway: SocketAddr,
    pub(super) pod: SocketAddr,
    pub(super) app: SocketAddr,
    pub(super) names: SocketAddr,
}

impl Ground {
    /// Addresses that nobody has, certificates, and a folder.
    ///
    /// # Errors
    /// When there are none, or they cannot be made.
    pub(in crate::bench) fn new(
        eastwest: &Path,
        dir: &Path,
        threads: u16,
        long: Option<line::Way>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            dir: dir.to_owned(),
            keys: Keys::make(&dir.join("keys"))?,
            eastwest: eastwest.to_owned(),
            threads,
            long,
            network: free_network()?,
        })
    }

    /// Where the far app is.
    pub(in crate::bench) const fn app(&self) -> SocketAddr {
        self.at(1, APP)
    }

    /// Starts a way, and waits until it carries something. The far app has to be there.
    ///
    /// # Errors
    /// When a program does not start, or nothing comes through.
    pub(in crate::bench) fn start(&self, through: Through, found: &Found) -> anyhow::Result<Way> {
        let place = self.place(through);
        let parts = match through {
            Through::Direct | Through::Path => return Way::to(through, self.app(), self.long),
            Through::Ours => ours::parts(self, &place)?,
            Through::Envoy => envoy::parts(self, &place, found.program(through)?)?,
            Through::HaProxy => haproxy::parts(self, &place, found.program(through)?)?,
        };
        if let Some(long) = self.long {
            line::start(place.uplink, place.gateway, long)?;
        }
        let begin = |(name, command): (&'static str, Command)| {
            let file = format!("{through}-{}", name.replace(' ', "-"));
            Ok((name, Program::start(&file, command, &self.dir)?))
        };
        let programs = parts.into_iter().map(begin);
        let mut way = Way {
            through,
            entry: place.entry,
            programs: programs.collect::<anyhow::Result<_>>()?,
        };
        way.await_work()
            .with_context(|| format!("{through} is no way to the far app{}", way.said()))?;
        Ok(way)
    }

    fn place(&self, through: Through) -> Place {
        // Ports of ended connections (TIME_WAIT) run out for none because of another.
        let first = 10 * (1 + through as u8);
        let gateway = self.at(first + 2, GATEWAY_PORT);
        Place {
            entry: self.at(first, APP),
            uplink: match self.long {
                Some(_) => self.at(first + 1, GATEWAY_PORT),
                None => gateway,
            },
            gateway,
            pod: self.at(first + 3, SIDECAR_PORT),
            app: self.app(),
            names: self.at(first + 4, DNS_PORT),
        }
    }

    const fn at(&self, host: u8, port: u16) -> SocketAddr {
        let [a, b] = self.network;
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, a, b, host)), port)
    }

    /// The certificates of whoever calls, and of whoever is called.
    pub(super) fn files(&self) -> (Files, Files) {
        (Files::of(&self.keys.client), Files::of(&self.keys.server))
    }

    /// Writes a file for a program.
    pub(super) fn write(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        let path = self.dir.join(name);
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        Ok(path)
    }
}

/// The server name by which gateways know the app of a pod.
pub(super) fn server_name(host: &str) -> String {
    format!("outbound_.{APP}_._.{host}")
}

/// The second and third byte of loopback addresses of which the far app's port is free. Two runs begin to
/// look at different ones.
fn free_network() -> anyhow::Result<[u8; 2]> {
    let first = u16::try_from(std::process::id() % 0x2000).unwrap_or(0);
    for number in first..first + NETWORKS {
        // 127.128.x.x to 127.160.x.x: neither the demo's nor those that are computed for aliases.
        let [high, low] = (0x8000 + number).to_be_bytes();
        let app = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, high, low, 1)), APP);
        if TcpListener::bind(app).is_ok() {
            return Ok([high, low]);
        }
    }
    bail!("port {APP} is taken on all loopback addresses that were tried")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;

    #[test]
    fn no_two_programs_of_a_run_are_to_listen_at_one_address() {
        let dir = tempfile::tempdir().unwrap();
        let long = line::Way {
            rtt: Duration::from_millis(80),
            rate: None,
        };
        let ground = Ground::new(Path::new("eastwest"), dir.path(), 1, Some(long)).unwrap();
        let mut seen = BTreeSet::from([ground.app()]);
        for through in [Through::Ours, Through::Envoy, Through::HaProxy] {
            let place = ground.place(through);
            let all = [
                place.entry,
                place.uplink,
                place.gateway,
                place.pod,
                place.names,
            ];
            for address in all {
                assert!(seen.insert(address), "{address} twice");
                assert!(address.ip().is_loopback(), "{address}");
            }
        }
    }
}
