//! Opened equals closed: at the end of a test each server has what it had when it was ready.

use std::ops::{Deref, DerefMut};
use std::thread::{panicking, sleep};
use std::time::{Duration, Instant};

use eastwest::clusters::open::{Counted, Descriptor, Open};
use eastwest::clusters::{Clusters, ClustersError, Layout};

use crate::eastwest;

#[cfg(test)]
mod tests;

/// Time for connections to end once their apps are gone: twice what it takes to notice a peer that has
/// vanished.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ends of empty pipes that a gateway keeps for later: two for each of four pipes of each of at most
/// four threads that move data (`transport/src/relay/pipe.rs`, `--threads`).
const SPARE_PIPE_ENDS: usize = 2 * 4 * 4;

/// Tasks that the DNS client keeps once it has been asked: one for the one name server that each server
/// has here, over UDP. hickory opens one for each question that finds none, and keeps them all: a test with
/// several apps lets one of them ask first.
const NAME_SERVER_TASKS: u64 = 1;

/// Two clusters whose servers are counted. Dropping them ends the apps, and fails the test if a server
/// then has more open than when it was ready.
///
/// Listeners are not judged: they follow the manifests. Nor is a server that was killed or stopped.
pub struct CountedClusters(Clusters);

impl CountedClusters {
    /// Nothing runs yet.
    ///
    /// # Errors
    /// When the clusters cannot be prepared.
    pub fn prepare(layout: Layout) -> Result<Self, ClustersError> {
        let mut clusters = Clusters::prepare(&eastwest(), layout)?;
        clusters.keep_count();
        Ok(Self(clusters))
    }

    /// What each server has open beyond what it had, once that has not changed for the better for long.
    fn leaks(&mut self) -> Result<Vec<String>, ClustersError> {
        let names: Vec<_> = self.0.names().map(str::to_owned).collect();
        let mut servers = Vec::new();
        for name in names {
            let program = self.0.program(&name)?;
            match program.counted().cloned() {
                Some(counted) if program.goes_on() => servers.push((name, program.id(), counted)),
                // Name servers are still asked.
                None if !name.ends_with("-dns") => self.0.stop(&name),
                _ => {}
            }
        }
        let begun = Instant::now();
        loop {
            let mut leaks = Vec::new();
            for (name, pid, counted) in &servers {
                let Counted {
                    host,
                    metrics,
                    at_ready,
                } = counted;
                let now = self.0.open(*pid, host, *metrics)?;
                leaks.extend(more(at_ready, &now).map(|what| format!("{name}: {what}")));
            }
            if leaks.is_empty() || begun.elapsed() > PATIENCE {
                return Ok(leaks);
            }
            sleep(Duration::from_millis(100));
        }
    }
}

/// What is open beyond what was.
fn more(before: &Open, now: &Open) -> impl Iterator<Item = String> {
    let mut found = Vec::new();
    if now.connections > 0 {
        found.push(format!("{} connections open, it says", now.connections));
    }
    // A listener more has a task that accepts.
    let listeners = listeners(now).saturating_sub(listeners(before));
    if now.tasks > before.tasks + NAME_SERVER_TASKS + listeners {
        found.push(format!("{} tasks instead of {}", now.tasks, before.tasks));
    }
    for (descriptor, count) in &now.descriptors {
        let had = before
            .descriptors
            .get(descriptor)
            .copied()
            .unwrap_or_default();
        let allowed = match descriptor {
            Descriptor::Listener(_) => continue,
            Descriptor::Connection(_) => 0,
            Descriptor::Pipe => had + SPARE_PIPE_ENDS,
            Descriptor::Other(_) => had,
        };
        if *count > allowed {
            found.push(format!(
                "{count} descriptors instead of {had}: {descriptor:?}"
            ));
        }
    }
    found.into_iter()
}

/// How many there are: in mode vip the shim has some of them when an alias has been asked for, not before.
fn listeners(open: &Open) -> u64 {
    let counts = open.descriptors.iter();
    let listeners = counts.filter(|(descriptor, _)| matches!(descriptor, Descriptor::Listener(_)));
    let count: usize = listeners.map(|(_, count)| count).sum();
    count as u64
}

impl Deref for CountedClusters {
    type Target = Clusters;

    fn deref(&self) -> &Clusters {
        &self.0
    }
}

impl DerefMut for CountedClusters {
    fn deref_mut(&mut self) -> &mut Clusters {
        &mut self.0
    }
}

impl Drop for CountedClusters {
    #[expect(clippy::panic, reason = "it is what fails the test")]
    fn drop(&mut self) {
        // One failure is told at a time.
        if panicking() {
            return;
        }
        match self.leaks() {
            Ok(leaks) if leaks.is_empty() => {}
            Ok(leaks) => panic!("not closed after {PATIENCE:?}:\n{}", leaks.join("\n")),
            Err(error) => panic!("what is open at the end cannot be counted: {error}"),
        }
    }
}
