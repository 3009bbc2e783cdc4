//! What else the machine does: a figure taken beside other work is worth less, and is to say so.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;
use serde::Serialize;

/// CPU time of the whole machine since it was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Busy {
    /// What all processes and the kernel have used.
    pub used: Duration,
    /// What a hypervisor has given to other machines while this one had work.
    pub stolen: Duration,
}

impl Busy {
    /// As `/proc/stat` has it.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn now() -> io::Result<Self> {
        let text = fs::read_to_string("/proc/stat")?;
        busy(&text).ok_or_else(|| io::Error::other("/proc/stat without a line of all CPUs"))
    }
}

/// proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal; guests count as user.
fn busy(stat: &str) -> Option<Busy> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let fields = line.split_whitespace().map(str::parse);
    let fields: Vec<u64> = fields.collect::<Result<_, _>>().ok()?;
    let &[user, nice, system, _, _, irq, softirq, steal, ..] = fields.as_slice() else {
        return None;
    };
    Some(Busy {
        used: ticks(user + nice + system + irq + softirq),
        stolen: ticks(steal),
    })
}

fn ticks(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 1000 / clock_ticks_per_second().max(1))
}

/// The load averages of 1, 5 and 15 minutes, as text.
#[must_use]
pub fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace()
        .take(3)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The processor's name, and how many CPUs of it there are.
#[must_use]
pub fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let name = name
        .and_then(|line| line.split_once(':'))
        .map_or("unknown", |it| it.1.trim());
    let cpus = text
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    format!("{name}, {cpus} CPUs")
}

/// The kernel's release.
#[must_use]
pub fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease");
    release.map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned())
}

/// CPU time of every process, by number.
#[derive(Debug, Default)]
pub struct Processes(BTreeMap<u32, Process>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Process {
    name: String,
    parent: u32,
    used: Duration,
}

/// A process that ran beside the measurement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Neighbour {
    /// Its name.
    pub name: String,
    /// CPU time in milliseconds during the run.
    pub used_ms: u128,
}

impl fmt::Display for Neighbour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "beside: {} used {} ms of CPU", self.name, self.used_ms)
    }
}

impl Processes {
    /// Those of now.
    pub fn now() -> Self {
        let mut processes = BTreeMap::new();
        let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
        for entry in numbers {
            let Some(number) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
            else {
                continue;
            };
            // One that ends between the two reads is one fewer.
            let stat = fs::read_to_string(entry.path().join("stat"));
            if let Some(process) = stat.ok().as_deref().and_then(process) {
                processes.insert(number, process);
            }
        }
        Self(processes)
    }

    /// Who has used most since `before`, without `own` and its descendants, as far as they lived at
    /// both times: at most five, with 1 % of the time at least.
    pub fn others_since(&self, before: &Self, own: u32, time: Duration) -> Vec<Neighbour> {
        let is_own = |number: u32| {
            let mut at = number;
            // Deeper than any tree of processes; a table read in pieces may have circles.
            for _ in 0..64 {
                if at == own {
                    return true;
                }
                let Some(process) = self.0.get(&at) else {
                    break;
                };
                at = process.parent;
            }
            false
        };
        let grown = |(number, now): (&u32, &Process)| {
            let earlier = before.0.get(number).map_or(Duration::ZERO, |it| it.used);
            let used = now.used.saturating_sub(earlier);
            (used > time / 100 && !is_own(*number)).then(|| Neighbour {
                name: now.name.clone(),
                used_ms: used.as_millis(),
            })
        };
        let mut others: Vec<_> = self.0.iter().filter_map(grown).collect();
        others.sort_by_key(|other| std::cmp::Reverse(other.used_ms));
        others.truncate(5);
        others
    }
}

/// proc_pid_stat(5): the name is in brackets and may hold any character, so the last one counts.
fn process(stat: &str) -> Option<Process> {
    let (head, tail) = stat.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let fields: Vec<&str> = tail.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Process {
        name: name.to_owned(),
        parent: u32::try_from(number(1)?).ok()?,
        used: ticks(number(11)? + number(12)?),
    })
}

#[cfg(test)]
mod tests;
