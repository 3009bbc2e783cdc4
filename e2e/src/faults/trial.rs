//! One fault from its strike to the comparison of all rows.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use eastwest::clusters::SOURCE;
use eastwest::mysql::{Client, Compared, Session, compare};

use super::connection::Connection;
use super::error::FaultError;
use super::fault::{Expected, Fault};
use super::ground::{Ground, PATIENCE, Process, THREADS, dump_threads};
use super::outcome::Outcome;
use super::watch::Watch;

/// How exactly it is known when the app was told.
const LOOK: Duration = Duration::from_millis(5);
/// How exactly it is known when the source's thread has ended.
const LOOK_AT_SOURCE: Duration = Duration::from_millis(100);
/// The strike comes somewhere in this time, as nothing waits for a good moment.
const MOMENT: Duration = Duration::from_millis(700);

impl Ground {
    /// Strikes a fault under load, mends it, and says what has become of replication. All rows are
    /// compared afterwards.
    ///
    /// # Errors
    /// When rows do not arrive again, were lost or doubled, or differ; or the ground itself fails.
    pub fn suffer(&mut self, fault: Fault) -> Result<Outcome, FaultError> {
        self.load.resume()?;
        self.load.flows(PATIENCE)?;
        self.prepare_for(fault)?;
        if !fault.is_idle() {
            self.load.flows(PATIENCE)?;
        }
        thread::sleep(some_moment(MOMENT));
        let log = self.clusters.log_of(Process::CallingShim.name());
        let logged = fs::metadata(&log).map_or(0, |log| log.len());
        let app = self.watch_app()?;
        let source = self.watch_source()?;
        let struck = Instant::now();
        self.strike(fault)?;
        thread::sleep((struck + fault.lasts()).saturating_duration_since(Instant::now()));
        self.mend(fault)?;
        let mended = Instant::now();
        if fault.is_idle() {
            self.load.resume()?;
        }
        let caught_up = self.load.catches_up(PATIENCE)?;
        let told = app.finish();
        // A path that was never away for long is of no use to an app that does not know yet.
        let back = told.map_or(mended, |told| told.max(mended));
        let again = self.load.goes_on_after(back, PATIENCE)?;
        let since_strike = |moment: Instant| moment.saturating_duration_since(struck);
        let compared = self.compare(fault)?;
        let outcome = Outcome {
            fault,
            told: told
                .map(since_strike)
                .filter(|_| fault.expected() != Expected::ReplicaGone),
            reasons: reasons(&log, logged),
            thread_gone: source.finish().map(since_strike),
            again: again.saturating_duration_since(back),
            all: caught_up.saturating_duration_since(back),
            compared,
        };
        self.clear_up_after(fault)?;
        Ok(outcome)
    }

    fn watch_app(&self) -> Result<Watch, FaultError> {
        let process = self.databases.replica.pid();
        let connection =
            Connection::of_pod(process, SOURCE.port).ok_or(FaultError::NoConnection)?;
        Ok(Watch::until(LOOK, move || connection.is_over(process)))
    }

    /// The thread that sends to the replica as it is now.
    fn watch_source(&self) -> Result<Watch, FaultError> {
        let client = self.databases.source.client();
        let before = dump_threads(&client.sql(THREADS)?);
        let mut session = client.session()?;
        Ok(Watch::until(LOOK_AT_SOURCE, move || {
            gone(&mut session, &before)
        }))
    }

    /// Stops the load, waits for the replica and compares everything.
    fn compare(&mut self, fault: Fault) -> Result<Compared, FaultError> {
        self.load.pause(fault.kills_source())?;
        let (source, replica) = (self.databases.source.client(), &self.databases.replica);
        replica.replica().wait_caught_up(source, PATIENCE)?;
        self.load.ledger().check(replica.client())?;
        no_errant_transactions(source, replica.client())?;
        let compared = compare(source, replica.client())?;
        let threads = dump_threads(&source.sql(THREADS)?).len();
        if threads != 1 {
            return Err(FaultError::DumpThreads(threads));
        }
        Ok(compared)
    }
}

/// Whether the source has none of these threads any more. A source that does not answer was killed,
/// and its threads with it.
fn gone(source: &mut Session, before: &[u64]) -> bool {
    let threads = source.sql(THREADS).map(|rows| dump_threads(&rows));
    threads.map_or(true, |threads| {
        !before.iter().any(|id| threads.contains(id))
    })
}

fn no_errant_transactions(source: &Client, replica: &Client) -> Result<(), FaultError> {
    let committed = source.value("SELECT @@GLOBAL.gtid_executed")?;
    let question = format!("SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, '{committed}')");
    let errant = replica.sql(&question)?.concat().concat();
    if errant.is_empty() {
        Ok(())
    } else {
        Err(FaultError::Errant(errant))
    }
}

/// What the calling shim said of the connections that have ended since, each once.
fn reasons(log: &Path, since: u64) -> Vec<String> {
    let read = || -> io::Result<String> {
        let mut file = File::open(log)?;
        file.seek(SeekFrom::Start(since))?;
        io::read_to_string(file)
    };
    let mut reasons: Vec<String> = Vec::new();
    for line in read().unwrap_or_default().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        if let (Some("connection ended"), Some(reason)) =
            (line["message"].as_str(), line["reason"].as_str())
            && !reasons.iter().any(|known| known == reason)
        {
            reasons.push(reason.to_owned());
        }
    }
    reasons
}

/// Some moment of this time.
pub(super) fn some_moment(within: Duration) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let micros = now.map_or(0, |now| now.as_micros()) % within.as_micros().max(1);
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
