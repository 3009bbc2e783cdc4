//! What a siege has shown, and what is asked of it.

use std::fmt;
use std::path::Path;

use eastwest_benches::process::Memory;
use eastwest_benches::stats::Spread;

use crate::besiegers::Struck;

/// What is asked: a client's milliseconds in the median, a connection's bytes, and what may be left.
const MOST_MS: f64 = 100.0;
const MOST_BYTES: u64 = 2500;
const LEFT_DESCRIPTORS: usize = 8;
const LEFT_MEMORY: u64 = 4 << 20;
/// Memory comes in pages: what fewer connections take says nothing of each.
const FEWEST: usize = 1000;

/// Everything.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) idle: Crowd,
    pub(crate) silent: Crowd,
    pub(crate) stammering: Crowd,
    pub(crate) garbage: Struck,
    /// One byte each, from one address.
    pub(crate) flood: Struck,
    pub(crate) handshakes: Struck,
    /// Handshakes at a time.
    pub(crate) at_once: usize,
    pub(crate) stages: Vec<Stage>,
    /// The gateway before the siege, with the idle connections alone, and after it.
    pub(crate) before: Gateway,
    pub(crate) held: Gateway,
    pub(crate) after: Gateway,
}

/// Connections that hold the gateway.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) asked: usize,
    /// Those that were there when the client came, and when it had done.
    pub(crate) begun: usize,
    pub(crate) ended: usize,
}

/// What a client did meanwhile, and the milliseconds that each took.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) what: What,
    pub(crate) when: &'static str,
    pub(crate) times: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Visit,
    Request,
}

/// What a gateway holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gateway {
    pub(crate) descriptors: usize,
    pub(crate) memory: u64,
}

impl Gateway {
    /// # Errors
    /// When there is no such process.
    pub(crate) fn of(process: u32) -> anyhow::Result<Self> {
        let descriptors = Path::new("/proc").join(process.to_string()).join("fd");
        Ok(Self {
            descriptors: descriptors.read_dir()?.count(),
            memory: Memory::of(process)?.written,
        })
    }
}

impl Seen {
    /// The gateway's memory for each idle connection.
    fn each(&self) -> u64 {
        self.held.memory.saturating_sub(self.before.memory) / self.idle.asked.max(1) as u64
    }

    /// What does not hold, each in a sentence.
    pub(crate) fn missed(&self) -> Vec<String> {
        let mut missed: Vec<_> = self.stages.iter().filter_map(Stage::missed).collect();
        let mut ask = |holds: bool, else_said: String| {
            if !holds {
                missed.push(else_said);
            }
        };
        // Without besiegers it is no siege.
        for (who, crowd) in [("silent", self.silent), ("stammering", self.stammering)] {
            let there = crowd.asked == 0 || crowd.begun > 0;
            ask(there, format!("none of the {who} clients was held"));
        }
        ask(self.garbage.hits > 0, "no garbage was thrown".to_owned());
        ask(self.flood.hits > 0, "none of a flood came in".to_owned());
        let shaken = self.at_once == 0 || self.handshakes.hits > 0;
        ask(shaken, "no handshake was answered".to_owned());
        let Crowd { asked, ended, .. } = self.idle;
        let cut = format!(
            "{} of {asked} idle connections were cut",
            asked.saturating_sub(ended)
        );
        ask(ended == asked, cut);
        let each = self.each();
        ask(
            each <= MOST_BYTES || asked < FEWEST,
            format!("{each} bytes for each idle connection, more than {MOST_BYTES}"),
        );
        let (before, after) = (self.before, self.after);
        ask(
            after.descriptors <= before.descriptors + LEFT_DESCRIPTORS,
            "the gateway has not given back its descriptors".to_owned(),
        );
        ask(
            after.memory <= before.memory + LEFT_MEMORY,
            "the gateway has not given back its memory".to_owned(),
        );
        missed
    }
}

impl Stage {
    fn missed(&self) -> Option<String> {
        let Self { what, when, times } = self;
        match Spread::of(times) {
            None => Some(format!("{when}: {what} was not measured")),
            Some(it) if it.median > MOST_MS => Some(format!(
                "{when}: {what} takes {:.0} ms in the median, more than {MOST_MS}",
                it.median
            )),
            Some(_) => None,
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Visit => "a new connection over the whole path",
            Self::Request => "a request on a connection that is there",
        })
    }
}

impl fmt::Display for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            asked,
            begun,
            ended,
        } = self;
        write!(
            f,
            "{begun} of {asked} held as the client comes, {ended} when it has done"
        )
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "idle connections through the gateway: {}", self.idle)?;
        writeln!(f, "silent clients: {}", self.silent)?;
        writeln!(f, "clients that said one byte: {}", self.stammering)?;
        writeln!(
            f,
            "garbage meanwhile: {:.0} pieces a second, {} in all; {} found no way in\n",
            self.garbage.rate(),
            self.garbage.hits,
            self.garbage.misses
        )?;
        writeln!(f, "ms: median (least..most)")?;
        for Stage { what, when, times } in &self.stages {
            let Some(it) = Spread::of(times) else {
                continue;
            };
            writeln!(
                f,
                "  {what:<40} {when:<9} {:>6.2} ({:.2}..{:.2})",
                it.median, it.min, it.max
            )?;
        }
        writeln!(
            f,
            "swamped: {:.0} connections a second meanwhile, from one address, that say one byte; {} in all, {} found \
             no way in",
            self.flood.rate(),
            self.flood.hits,
            self.flood.misses
        )?;
        let Struck { hits, misses, .. } = self.handshakes;
        writeln!(
            f,
            "flooded: the pod's shim answers {:.0} handshakes a second meanwhile, {} at a time, and refuses or ends \
             {misses} of {}\n",
            self.handshakes.rate(),
            self.at_once,
            hits + misses
        )?;
        writeln!(
            f,
            "the gateway's memory for each idle connection: {} bytes{}",
            self.each(),
            if self.idle.asked < FEWEST {
                ", too few to be judged"
            } else {
                ""
            }
        )?;
        writeln!(
            f,
            "the gateway before and after: {} and {} descriptors, {} and {} KiB",
            self.before.descriptors,
            self.after.descriptors,
            self.before.memory / 1024,
            self.after.memory / 1024
        )
    }
}

#[cfg(test)]
mod tests;
