//! What can be asked for.

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use eastwest_daemon::HumanDuration;

use super::compare::Peer;
use super::event_rate::EventRate;
use super::line;
use super::load::{Load, Pace};
use super::rate::Rate;
use super::serve::ServeArgs;
use super::target::Target;

/// Before a figure is taken, buffers grow and branches are learnt.
const WARM_UP: Duration = Duration::from_millis(300);
/// A longer round trip is no network's: by satellite it is 0.6 s.
const LONGEST: Duration = Duration::from_secs(2);

/// Measure what the path carries on this hardware: streams, connections, latency, replication
///
/// Without --to everything runs on this machine's loopback addresses: the far app, a shim, the gateway and
/// a shim as processes of this program. Each load goes through each way in turns, round after round, and
/// also directly, with nothing in between. --to measures whatever leads to another host, on which `eastwest
/// bench serve` is the app.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Loads: streams as fast as they go; new connections, 8 at a time; 64 bytes there and back on
one connection; events of replication (mostly 200 bytes, a few of 2 and 16 KB), each
acknowledged: as fast as they go, and --events a second. The load has one thread at each end.

The time of an event is from when it was due, at so many a second, until its acknowledgement
has come: what a stall held up counts as late. No event waits for an acknowledgement.

A figure is the median of the rounds, with the least and the most. No ratio is told of fewer
than five. On a machine that others use, compare ratios, and take more rounds. Nothing that
goes well is logged meanwhile, and each program has --threads threads.

--rtt and --rate make the way to the gateway long and narrow in user space, to a millisecond
or two. Nothing is lost there and nobody starts slowly: it is the best such a link can do. One
connection has as much under way as fits on the link, and 16 MiB without --rate.

Exit status: 0 all was measured, 1 something was not, 2 wrong usage, 3 a program of --compare
is not there. After Ctrl-C nothing is left, neither processes nor files.

Examples:
  eastwest bench
  eastwest bench --rtt 80ms --rate 1Gbit --only streams,replication
  eastwest bench --compare envoy --envoy ./envoy --plot bench.svg
  eastwest bench serve                               # in the pod that is called, behind its shim
  eastwest bench --to src-db-pxc-0.pxc:3306          # in the pod that calls"
)]
pub struct BenchArgs {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) load: LoadArgs,
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Be the app at the far end, until Ctrl-C
    ///
    /// It gives, echoes and sends whatever a client of `eastwest bench --to` asks for, so that it is to be
    /// there only while it is measured. Put it where the shim of the pod leads: at the pod's own address and
    /// the port of the shim's --inbound.
    ///
    /// It listens at all IPv4 addresses as the shim dials the pod's own one, which is another in every pod.
    /// Whoever reaches the pod reaches it, too, and without a shim: a NetworkPolicy can say who does. With
    /// --listen 127.0.0.1:3306 nobody but the pod does, and the shim there needs --app-address 127.0.0.1.
    Serve(ServeArgs),
}

/// What to load, and how.
#[derive(Debug, clap::Args)]
pub(super) struct LoadArgs {
    /// Where `eastwest bench serve` is reached: an alias or an address [port: 3306]
    #[arg(long, value_name = "HOST[:PORT]", conflicts_with_all = ["compare", "threads"])]
    pub(super) to: Option<Target>,
    /// The same app with nothing in between, to compare with
    #[arg(long, value_name = "HOST[:PORT]", requires = "to")]
    pub(super) direct: Option<Target>,
    /// Only these loads
    #[arg(long, value_name = "LOAD,...", value_delimiter = ',')]
    pub(super) only: Vec<Kind>,
    /// How many streams at a time; each number is a load of its own
    #[arg(
        long,
        value_name = "N,...",
        value_delimiter = ',',
        default_value = "1,8",
        value_parser = clap::value_parser!(u16).range(1..=4096)
    )]
    pub(super) streams: Vec<u16>,
    /// Events a second of the replication that is paced
    #[arg(long, value_name = "N", default_value = "1000")]
    pub(super) events: EventRate,
    /// How long a load is measured each time, from 0.1 to 60 [seconds]
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    pub(super) seconds: Duration,
    /// How many times, of which five or more make a ratio
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(super) rounds: u16,
    /// Make the way so long, there and back, such as 80ms
    #[arg(long, value_name = "DURATION")]
    pub(super) rtt: Option<HumanDuration>,
    /// Make the way so wide, such as 1Gbit, 250Mbit or 100MB/s of payload in each direction
    #[arg(long, value_name = "RATE")]
    pub(super) rate: Option<Rate>,
    /// The same load through these, as sidecar, gateway and sidecar
    #[arg(long, value_name = "PROGRAM,...", value_delimiter = ',')]
    pub(super) compare: Vec<Peer>,
    /// Where Envoy is [default: on PATH]
    #[arg(long, value_name = "PATH")]
    pub(super) envoy: Option<PathBuf>,
    /// Where HAProxy is [default: on PATH, or /usr/sbin]
    #[arg(long, value_name = "PATH")]
    pub(super) haproxy: Option<PathBuf>,
    /// Threads of each program that is measured
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) threads: u16,
    /// How to print
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub(super) output: Output,
    /// Draw the figures into this file
    #[arg(long, value_name = "FILE.svg", value_parser = svg)]
    pub(super) plot: Option<PathBuf>,
    /// Write bench.txt, bench.json and bench.svg into this folder, which has to be there
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

/// Which loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// Bytes as fast as they go
    Streams,
    /// New ones
    Connections,
    /// 64 bytes there and back
    Requests,
    /// Events and acknowledgements
    Replication,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// Tables
    Text,
    /// Tables for a page
    Markdown,
    /// One object, with every round
    Json,
}

/// The first that has been there before.
fn twice<T: Copy + PartialEq>(all: &[T]) -> Option<T> {
    let mut earlier = all.iter().enumerate();
    let again = earlier.find(|(at, one)| all.iter().take(*at).any(|it| it == *one));
    again.map(|(_, one)| *one)
}

/// What is drawn is SVG, whatever the file is called.
fn svg(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension() {
        Some(ending) if ending.eq_ignore_ascii_case("svg") => Ok(path),
        _ => Err("it is drawn as SVG, and no other ending than .svg says so".to_owned()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| format!("`{text}` is not a number of seconds"))?;
    if !(0.1..=60.0).contains(&seconds) {
        return Err(format!("`{text}` is not between 0.1 and 60"));
    }
    Ok(Duration::from_secs_f64(seconds))
}

impl LoadArgs {
    /// What no single flag can tell; `None` where all is well.
    pub(super) fn unusable(&self) -> Option<String> {
        if let Some(rtt) = self.rtt
            && rtt.get() > LONGEST
        {
            return Some(format!("--rtt {rtt}: longer than 2s"));
        }
        // The second would be measured in place of the first.
        if let Some(streams) = twice(&self.streams) {
            return Some(format!("--streams: {streams} is there twice"));
        }
        if let Some(peer) = twice(&self.compare) {
            return Some(format!("--compare: {} is there twice", peer.through()));
        }
        let unused = [Peer::Envoy, Peer::HaProxy]
            .into_iter()
            .find(|peer| self.program(*peer).is_some() && !self.compare.contains(peer))?;
        let name = unused.through();
        Some(format!(
            "--{name} says where it is, and --compare {name} that it is wanted"
        ))
    }

    /// Where a program is said to be.
    pub(super) fn program(&self, peer: Peer) -> Option<PathBuf> {
        match peer {
            Peer::Envoy => self.envoy.clone(),
            Peer::HaProxy => self.haproxy.clone(),
        }
    }

    /// How long the way is made, if at all.
    pub(super) fn long(&self) -> Option<line::Way> {
        let rtt = self.rtt.map_or(Duration::ZERO, HumanDuration::get);
        let way = line::Way {
            rtt,
            rate: self.rate,
        };
        (self.rate.is_some() || !rtt.is_zero()).then_some(way)
    }

    /// How long a figure is taken.
    pub(super) fn pace(&self) -> Pace {
        let rtt = self.long().map_or(Duration::ZERO, |it| it.rtt);
        Pace {
            rtt,
            // The first bytes are on their way for that long.
            warm_up: WARM_UP.min(self.seconds) + 2 * rtt,
            length: self.seconds,
        }
    }

    /// The loads, in the order in which they are told.
    pub(super) fn loads(&self) -> Vec<Load> {
        let wanted = |kind| self.only.is_empty() || self.only.contains(&kind);
        let mut loads = Vec::new();
        if wanted(Kind::Streams) {
            let numbers = self.streams.iter().copied().filter_map(NonZeroU16::new);
            loads.extend(numbers.map(Load::Streams));
        }
        if wanted(Kind::Connections) {
            loads.push(Load::Connections);
        }
        if wanted(Kind::Requests) {
            loads.push(Load::Requests);
        }
        if wanted(Kind::Replication) {
            loads.push(Load::Replication(None));
            loads.push(Load::Replication(Some(self.events)));
        }
        loads
    }
}

#[cfg(test)]
mod tests;
