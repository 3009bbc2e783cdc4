//! One catch-up: a replica that has nothing, until it has everything.

use std::time::{Duration, Instant};

use anyhow::ensure;
use eastwest::mysql::Receiving;
use eastwest_benches::meter::Window;

use crate::binlog::{DATABASE, Written};
use crate::site::{Part, Site};
use crate::way::Way;

/// What one catch-up took.
#[derive(Debug, Clone)]
pub(crate) struct CaughtUp {
    /// From the start of the receiver until it had the source's last event.
    pub(crate) received: Window<Part>,
    /// From the start of receiver and applier until every transaction was applied.
    pub(crate) applied: Option<Duration>,
}

/// Far more than either takes, for each 10^9 bytes of log.
const RECEIVING: Duration = Duration::from_secs(120);
const APPLYING: Duration = Duration::from_secs(900);

/// # Errors
/// When the replica does not get everything.
pub(crate) fn catch_up(
    site: &Site,
    way: Way,
    written: &Written,
    applied: bool,
) -> anyhow::Result<CaughtUp> {
    let received = receive(site, way, written)?;
    let applied = applied.then(|| apply(site, way, written)).transpose()?;
    Ok(CaughtUp { received, applied })
}

fn receive(site: &Site, way: Way, written: &Written) -> anyhow::Result<Window<Part>> {
    begin(site, way)?;
    let replica = &site.databases.replica;
    let mut receiving = Receiving::of(replica.client())?;
    let before = site.meter.read()?;
    receiving.start()?;
    receiving.wait_for(&written.end, limit(RECEIVING, written))?;
    let window = site.meter.since(&before, written.bytes)?;
    let received = replica.replica().received()?;
    ensure!(
        received == written.gtids,
        "{}: the replica has received {received}, and the source has written {}",
        way.name(),
        written.gtids
    );
    Ok(window)
}

fn apply(site: &Site, way: Way, written: &Written) -> anyhow::Result<Duration> {
    begin(site, way)?;
    let databases = &site.databases;
    let replica = databases.replica.replica();
    let begun = Instant::now();
    replica.start()?;
    replica.wait_caught_up(databases.source.client(), limit(APPLYING, written))?;
    Ok(begun.elapsed())
}

/// Takes from the replica all that it has, and tells it where its source is.
fn begin(site: &Site, way: Way) -> anyhow::Result<()> {
    let replica = &site.databases.replica;
    replica.replica().forget()?;
    replica.sql(&format!(
        "SET sql_log_bin = 0; DROP DATABASE IF EXISTS {DATABASE}"
    ))?;
    replica.replica().set_up(&way.channel(&site.databases))?;
    // What was written before is not to be written out meanwhile.
    rustix::fs::sync();
    Ok(())
}

fn limit(each: Duration, written: &Written) -> Duration {
    each + each.mul_f64(written.bytes as f64 / 1e9)
}
