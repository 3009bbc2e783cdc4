//! Empty data directories, made once and then copied.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use thiserror::Error;

use super::flavor::Flavor;
use super::installed::Installed;
use super::invocation::option;
use super::output::last_lines;
use super::packages::{FetchError, lock};
use crate::leftovers::Guarded;
use crate::stage::host::ThisMachine;

/// A data directory could not be made.
#[derive(Debug, Error)]
pub enum DatadirError {
    /// The server failed to make its system tables.
    #[error("{flavor} made no system tables ({status}): {said}")]
    Init {
        /// Which server.
        flavor: Flavor,
        /// How it ended.
        status: String,
        /// The last lines of what it printed.
        said: String,
    },
    /// The cache cannot be used.
    #[error(transparent)]
    Cache(#[from] FetchError),
    /// The file system refused something.
    #[error("{doing} {path}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

fn io_at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DatadirError {
    let path = path.to_owned();
    move |source| DatadirError::Io {
        doing,
        path,
        source,
    }
}

/// Each server makes its own identity in `auto.cnf` at its first start; two servers with one
/// identity do not replicate from each other.
const IDENTITY: &str = "auto.cnf";

impl Installed {
    /// Makes `path` an empty data directory, in which `root` may log in without a password, over
    /// the Unix socket only. The first one takes seconds; its copy is kept in the cache.
    ///
    /// `path` must not exist, or be an empty directory.
    pub fn create_datadir(&self, path: &Path) -> Result<(), DatadirError> {
        let template = self.template()?;
        copy_directory(&template, path)
    }

    fn template(&self) -> Result<PathBuf, DatadirError> {
        let name = format!("{}-{}-datadir", self.flavor().key(), self.version());
        let template = self.cache_dir().join(&name);
        if template.is_dir() {
            return Ok(template);
        }
        let _lock = lock(self.cache_dir(), &name)?;
        if template.is_dir() {
            return Ok(template);
        }
        let scratch = self.cache_dir().join(format!("{name}.partial"));
        if scratch.exists() {
            fs::remove_dir_all(&scratch).map_err(io_at("removing", &scratch))?;
        }
        make_directory(&scratch)?;
        self.initialize(&scratch)?;
        fs::rename(&scratch, &template).map_err(io_at("moving the data to", &template))?;
        Ok(template)
    }

    fn initialize(&self, datadir: &Path) -> Result<(), DatadirError> {
        let mut command = self.server_command(&ThisMachine);
        command
            .args(["--no-defaults", "--user=root"])
            .arg(option("--basedir", self.basedir()))
            .arg(option("--datadir", datadir))
            // A crash of the machine leaves no template: it is renamed only when it is whole.
            .args(["--innodb-flush-method=nosync", "--innodb-doublewrite=OFF"]);
        let input = match self.flavor() {
            Flavor::MySql => {
                command.args(["--initialize-insecure", "--innodb-redo-log-capacity=64M"]);
                Vec::new()
            }
            Flavor::MariaDb => {
                command.args([
                    "--bootstrap",
                    "--innodb-log-file-size=64M",
                    "--log-warnings=0",
                ]);
                self.mariadb_system_tables()?
            }
        };
        let (status, said) = feed(&mut command, &input).map_err(io_at("initializing", datadir))?;
        if status.success() {
            return Ok(());
        }
        Err(DatadirError::Init {
            flavor: self.flavor(),
            status: status.to_string(),
            said: last_lines(&said, 10),
        })
    }

    /// What `mariadb-install-db` feeds to the server, less the help texts and the accounts that
    /// let root in over TCP. The bootstrap reads one statement a line.
    fn mariadb_system_tables(&self) -> Result<Vec<u8>, DatadirError> {
        let mut sql =
            b"CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n"
                .to_vec();
        for file in [
            "mysql_system_tables.sql",
            "mysql_performance_tables.sql",
            "mysql_system_tables_data.sql",
            "maria_add_gis_sp_bootstrap.sql",
            "mysql_sys_schema.sql",
        ] {
            let path = self.basedir().join("share/mysql").join(file);
            sql.extend(fs::read(&path).map_err(io_at("reading", &path))?);
            sql.push(b'\n');
        }
        sql.extend(b"DELETE FROM mysql.global_priv WHERE Host <> 'localhost';\n");
        sql.extend(b"DELETE FROM mysql.proxies_priv WHERE Host <> 'localhost';\n");
        Ok(sql)
    }
}

/// Runs a command with `input` on its standard input; its status and what it said on stderr.
fn feed(command: &mut Command, input: &[u8]) -> io::Result<(std::process::ExitStatus, String)> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = Guarded::spawn(command)?;
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let mut said = Vec::new();
    std::thread::scope(|scope| {
        // A server that has stopped reading says why on stderr; the broken pipe adds nothing.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input)));
        stderr.map_or(Ok(0), |mut stderr| stderr.read_to_end(&mut said))
    })?;
    Ok((child.wait()?, String::from_utf8_lossy(&said).into_owned()))
}

fn make_directory(path: &Path) -> Result<(), DatadirError> {
    // Rows are nobody else's business, and root's socket will be in it.
    let mut builder = fs::DirBuilder::new();
    builder
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(io_at("making", path))
}

fn copy_directory(from: &Path, to: &Path) -> Result<(), DatadirError> {
    make_directory(to)?;
    let mut present = fs::read_dir(to).map_err(io_at("reading", to))?;
    if present.next().is_some() {
        let source = io::Error::from(io::ErrorKind::DirectoryNotEmpty);
        return Err(io_at("making a data directory in", to)(source));
    }
    for entry in fs::read_dir(from).map_err(io_at("reading", from))? {
        let entry = entry.map_err(io_at("reading", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(io_at("reading", &source))?;
        if kind.is_dir() {
            copy_directory(&source, &target)?;
        } else if kind.is_file() && entry.file_name() != IDENTITY {
            fs::copy(&source, &target).map_err(io_at("copying to", &target))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
