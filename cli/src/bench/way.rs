//! The ways that a load goes: with nothing in between, or through programs.

mod envoy;
mod ground;
mod haproxy;
mod ours;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::Context;

use super::line;
use super::load::{Meter, greet};
use crate::clusters::Program;
use crate::measure::process::CpuClock;
pub(super) use ground::Ground;
use ground::Place;

/// What each program does on its way, the same for everybody.
const CLIENT: &str = "client sidecar";
const GATEWAY: &str = "gateway";
const SERVER: &str = "server sidecar";

/// Programs need milliseconds; a loaded machine may need seconds.
const READY: Duration = Duration::from_secs(30);
/// Between two looks whether a way carries anything.
const LOOK: Duration = Duration::from_millis(50);
/// A program that takes a connection before it is ready may let it wait this long; the longest way needs
/// seven seconds.
const ANSWER: Duration = Duration::from_secs(10);
/// How much of each log an error shows.
const LINES: usize = 4;

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
