//! The command line of a server that is small and quick to start.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::error::StartError;
use super::options::ServerOptions;
use crate::mysql::flavor::Flavor;
use crate::mysql::installed::Installed;
use crate::mysql::invocation::option;

/// The socket's name in the data directory.
pub(super) const SOCKET: &str = "mysqld.sock";

/// Both servers. As root a server wants to be told that it may; for others `--user` does nothing.
/// The page cache outlives a killed server, so nothing is synced: only a crash of the machine
/// would lose rows. 128 MiB packets let rows of tens of MiB through.
const BOTH: [&str; 14] = [
    "--user=root",
    "--skip-name-resolve",
    "--character-set-server=utf8mb4",
    "--log-bin=binlog",
    "--relay-log=relay",
    "--relay-log-recovery=ON",
    "--sync-binlog=0",
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-buffer-pool-size=32M",
    "--performance-schema=OFF",
    "--max-allowed-packet=128M",
    "--max-connections=60",
    "--table-open-cache=200",
];

/// X protocol and file access are of no use here, and their default places do not exist.
const MYSQL: [&str; 5] = [
    "--gtid-mode=ON",
    "--enforce-gtid-consistency=ON",
    "--innodb-redo-log-capacity=64M",
    "--mysqlx=OFF",
    "--secure-file-priv=NULL",
];

/// MariaDB writes GTIDs always; strict mode refuses what would make them diverge.
const MARIADB: [&str; 4] = [
    "--gtid-strict-mode=ON",
    "--binlog-format=ROW",
    "--log-slave-updates=ON",
    "--innodb-log-file-size=64M",
];

/// The socket of a data directory.
pub(super) fn socket(datadir: &Path) -> Result<PathBuf, StartError> {
    // unix(7): sun_path has 108 bytes, the last of them zero.
    const LONGEST: usize = 107;
    let socket = datadir.join(SOCKET);
    let length = socket.as_os_str().as_bytes().len();
    match length.checked_sub(LONGEST) {
        None | Some(0) => Ok(socket),
        Some(over) => Err(StartError::PathTooLong {
            datadir: datadir.to_owned(),
            over,
        }),
    }
}

/// All arguments, in order.
pub(super) fn of(installed: &Installed, options: &ServerOptions, socket: &Path) -> Vec<OsString> {
    let datadir = &options.datadir;
    let addresses: Vec<String> = options
        .bind_addresses
        .iter()
        .map(ToString::to_string)
        .collect();
    let flavored: &[&str] = match installed.flavor() {
        Flavor::MySql => &MYSQL,
        Flavor::MariaDb => &MARIADB,
    };
    // --no-defaults counts only as the first.
    let mut arguments: Vec<OsString> = vec!["--no-defaults".into()];
    arguments.extend([
        option("--basedir", installed.basedir()),
        option("--datadir", datadir),
        option("--socket", socket),
        option("--pid-file", &datadir.join("mysqld.pid")),
        option("--log-error", &super::error_log(datadir)),
        format!("--server-id={}", options.server_id).into(),
        format!("--bind-address={}", addresses.join(",")).into(),
        format!("--port={}", options.port).into(),
    ]);
    arguments.extend(BOTH.iter().chain(flavored).map(OsString::from));
    arguments.extend(options.extra.iter().map(OsString::from));
    arguments
}
