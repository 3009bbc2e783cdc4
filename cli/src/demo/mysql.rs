//! The second part of the demo: a replica that follows its source by the alias.

use std::io::Write;

use crate::clusters::{Clusters, Databases, SOURCE};
use crate::mysql::{Flavor, Packages};
use crate::progress::Progress;
use crate::table::Table;

/// Whether this machine has a place for the databases and their packages.
pub(super) fn check(clusters: &Clusters) -> anyhow::Result<()> {
    clusters.can_hold_databases()?;
    Packages::in_default_cache()?.check(Flavor::MySql)?;
    Ok(())
}

/// Starts what it takes and shows it; the databases, and whether all was as it should be.
pub(super) fn show(
    clusters: &mut Clusters,
    out: &mut impl Write,
) -> anyhow::Result<(Databases, bool)> {
    let packages = Packages::in_default_cache()?;
    if !packages.is_here(Flavor::MySql) {
        let cache = packages.cache_dir().display();
        writeln!(
            out,
            "\nFetching MySQL from your Debian mirror into {cache} (some 70 MB) ..."
        )?;
    }
    let progress = Progress::of("fetching and unpacking MySQL");
    let installed = packages.ensure(Flavor::MySql)?;
    drop(progress);
    writeln!(
        out,
        "\nMySQL {}: a replica in cluster B follows {}",
        installed.version(),
        SOURCE.name
    )?;
    let progress = Progress::of("making and starting two databases");
    let databases = clusters.start_databases(&installed)?;
    progress.now("replicating");
    let shown = databases.replicate()?;
    drop(progress);
    let mut table = Table::new(["SHOW REPLICA STATUS", ""]);
    for field in [
        "Source_Host",
        "Source_Port",
        "Replica_IO_Running",
        "Replica_SQL_Running",
        "Auto_Position",
    ] {
        table.row([field.to_owned(), shown.status.get(field).to_owned()]);
    }
    table.print(out)?;
    let transactions = shown.written.transactions;
    writeln!(
        out,
        "  {transactions} transactions before, during and after the start: {}",
        shown.compared
    )?;
    let host = shown.status.source_host() == SOURCE.alias();
    let ok = host && shown.status.source_port() == Some(SOURCE.port) && transactions > 0;
    Ok((databases, ok))
}
