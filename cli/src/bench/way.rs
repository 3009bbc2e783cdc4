//! The ways that a load goes: with nothing in between, or through programs.

mod envoy;
mod haproxy;
mod ours;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::compare::Found;
use super::line;
use super::load::{Meter, greet};
use crate::clusters::Program;
use crate::measure::keys::Keys;
use crate::measure::process::CpuClock;

/// What each program does on its way, the same for everybody.
const CLIENT: &str = "client sidecar";
const GATEWAY: &str = "gateway";
const SERVER: &str = "server sidecar";

/// The app's port; it is in the server name as well.
const APP: u16 = 23306;
const GATEWAY_PORT: u16 = 15443;
/// Where sidecars listen in pods, and our gateway dials.
const SIDECAR_PORT: u16 = 15444;
const DNS_PORT: u16 = 15053;

/// Programs need milliseconds; a loaded machine may need seconds.
const READY: Duration = Duration::from_secs(30);
/// Between two looks whether a way carries anything.
const LOOK: Duration = Duration::from_millis(50);
/// A program that takes a connection before it is ready may let it wait this long.
const ANSWER: Duration = Duration::from_secs(5);
/// How much of each log an error shows.
const LINES: usize = 4;
/// Networks of loopback addresses that are tried, until one is nobody's.
const NETWORKS: u16 = 50;

/// Through what the load goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Through {
    /// Nothing.
    Direct,
    /// A shim, the gateway, a shim.
    Ours,
    /// Three Envoys.
    Envoy,
    /// Three HAProxies.
    HaProxy,
    /// Whatever is between this host and another one.
    Path,
}

impl Through {
    /// As tables and JSON have it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Ours => "eastwest",
            Self::Envoy => "envoy",
            Self::HaProxy => "haproxy",
            Self::Path => "path",
        }
    }

    /// Whether it is what others are compared with.
    pub(super) const fn is_ours(self) -> bool {
        matches!(self, Self::Ours | Self::Path)
    }
}

impl fmt::Display for Through {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A way that is there. Its programs end when this is dropped.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) through: Through,
    /// Where clients connect.
    pub(super) entry: SocketAddr,
    programs: Vec<(&'static str, Program)>,
}

/// What all ways of a run on this machine have in common.
#[derive(Debug)]
pub(super) struct Ground {
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
struct Place {
    entry: SocketAddr,
    /// Where the client's sidecar dials: the gateway, or what makes the way to it long.
    uplink: SocketAddr,
    gateway: SocketAddr,
    pod: SocketAddr,
    app: SocketAddr,
    names: SocketAddr,
}

impl Way {
    /// Nothing in between, but as long as the others; `app` is where the far app is.
    ///
    /// # Errors
    /// When there is no address for what makes it long.
    pub(super) fn to(
        through: Through,
        app: SocketAddr,
        long: Option<line::Way>,
    ) -> anyhow::Result<Self> {
        let here = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
        Ok(Self {
            through,
            entry: match long {
                Some(long) => line::start(here, app, long)?,
                None => app,
            },
            programs: Vec::new(),
        })
    }

    /// The clocks of its programs.
    ///
    /// # Errors
    /// When one of them is no more.
    pub(super) fn meter(&self) -> anyhow::Result<Meter> {
        let programs = self.programs.iter();
        let clocks = programs.map(|(name, program)| {
            let clock = CpuClock::of(program.id());
            Ok((*name, clock.with_context(|| format!("the {name} ended"))?))
        });
        Ok(Meter::new(clocks.collect::<anyhow::Result<_>>()?))
    }

    /// What its programs have logged.
    fn said(&self) -> String {
        let logs = self.programs.iter().map(|(name, program)| {
            let printed = program.printed();
            let last = printed.lines().rev().take(LINES).collect::<Vec<_>>();
            let lines = last.into_iter().rev();
            lines.map(|line| format!("\n  {name}: {line}")).collect()
        });
        logs.collect::<Vec<String>>().concat()
    }

    /// Waits until the far app answers through it.
    fn await_work(&mut self) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let answered = greet(self.entry, ANSWER);
            // What has answered may be another program, at an address that this one did not get.
            for (_, program) in &mut self.programs {
                program.await_ready(Duration::ZERO, |_| true)?;
            }
            match answered {
                Ok(()) => return Ok(()),
                Err(error) if begun.elapsed() > READY => {
                    return Err(error.context(format!("carries nothing after {READY:?}")));
                }
                Err(_) => std::thread::sleep(LOOK),
            }
        }
    }
}

impl Ground {
    /// Addresses that nobody has, certificates, and a folder.
    ///
    /// # Errors
    /// When there are none, or they cannot be made.
    pub(super) fn new(
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
    pub(super) const fn app(&self) -> SocketAddr {
        self.at(1, APP)
    }

    /// Starts a way, and waits until it carries something. The far app has to be there.
    ///
    /// # Errors
    /// When a program does not start, or nothing comes through.
    pub(super) fn start(&self, through: Through, found: &Found) -> anyhow::Result<Way> {
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

    /// Writes a file for a program.
    fn write(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        let path = self.dir.join(name);
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        Ok(path)
    }
}

/// The server name by which gateways know the app of a pod.
fn server_name(host: &str) -> String {
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
