//! The third part of the demo: gateways follow each other, and the replica does not notice.

use std::io::Write;
use std::thread;
use std::time::Duration;

use crate::clusters::{Clusters, Databases};
use crate::mysql::{Pace, Workload, compare};
use crate::progress::Progress;
use crate::table::Table;

/// How many new gateways there are.
const GATEWAYS: usize = 3;
/// Time for which each has the connections.
const EACH: Duration = Duration::from_millis(500);
/// For a replica on a busy machine to catch up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Writes until it is stopped.
const PACE: Pace = Pace {
    rounds: u32::MAX,
    pause: Duration::from_millis(20),
    big_row: 256 << 10,
};

/// Has new gateways take over under load, and shows it; whether all was as it should be.
pub(super) fn show(
    clusters: &mut Clusters,
    databases: &Databases,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    writeln!(
        out,
        "\nHot restart under load: each new gateway takes over from the one before it, which ends"
    )?;
    let source = databases.source.client();
    let before = dump_threads(databases)?;
    let workload = Workload::start(source, PACE)?;
    let mut table = Table::new([
        "GATEWAY",
        "PROCESS",
        "REPLICA'S CONNECTION ON THE SOURCE",
        "COMMITTED",
    ]);
    let mut same = before.len() == 1;
    let progress = Progress::of("writing");
    for number in 0..=GATEWAYS {
        if number > 0 {
            progress.now(format!("gateway {number} of {GATEWAYS} takes over"));
            clusters.succeed_gateway()?;
        }
        thread::sleep(EACH);
        let threads = dump_threads(databases)?;
        same &= threads == before;
        table.row([
            if number == 0 {
                "first".to_owned()
            } else {
                format!("new {number}")
            },
            clusters.program("gateway")?.id().to_string(),
            format!("id {}", threads.join(", ")),
            workload.transactions().to_string(),
        ]);
    }
    let written = workload.stop()?;
    databases
        .replica
        .replica()
        .wait_caught_up(source, PATIENCE)?;
    let compared = compare(source, databases.replica.client())?;
    drop(progress);
    table.print(out)?;
    writeln!(
        out,
        "  {} transactions meanwhile: {compared}; {}",
        written.transactions,
        if same {
            "the connection is the same, no old gateway is left"
        } else {
            "the connection is another one"
        }
    )?;
    Ok(same)
}

/// The numbers of the source's threads that send to replicas.
fn dump_threads(databases: &Databases) -> anyhow::Result<Vec<String>> {
    let rows = databases.source.client().sql("SHOW PROCESSLIST")?;
    let threads = rows.into_iter().filter_map(|row| {
        let sends = row.get(4)?.starts_with("Binlog Dump");
        sends.then(|| row.first().cloned())?
    });
    Ok(threads.collect())
}
