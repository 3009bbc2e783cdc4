//! Talking to a server through its own command-line client.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::flavor::Flavor;
use super::installed::Installed;
use super::invocation::{Invocation, option};
use super::session::Session;
use super::sql_error::{SqlError, excerpt};
use crate::stage::host::{Host, ThisMachine};

/// Where a server is, over TCP, and who asks. The name is resolved on the client's host.
#[derive(Debug, Clone, Copy)]
pub struct TcpTarget<'a> {
    /// Name or address.
    pub host: &'a str,
    /// Port.
    pub port: u16,
    /// Account.
    pub user: &'a str,
    /// Its password.
    pub password: &'a str,
}

/// A way to reach a server; every statement of it is a connection of its own.
#[derive(Debug, Clone)]
pub struct Client {
    flavor: Flavor,
    invocation: Invocation,
    place: String,
    timeout: Duration,
}

/// Long enough for a busy machine, short enough that a frozen server fails a test by name.
const TIMEOUT: Duration = Duration::from_secs(120);
/// The client's own limit for connecting and reading the greeting.
const CONNECT_TIMEOUT: &str = "--connect-timeout=10";

impl Client {
    /// As root over the Unix socket.
    pub(super) fn over_socket(installed: &Installed, socket: &Path) -> Self {
        let mut command = base(installed, &ThisMachine);
        command.arg("--user=root");
        command.arg(option("--socket", socket));
        Self::new(installed, &command, format!("socket {}", socket.display()))
    }

    /// From `host` over TCP, without MySQL's own TLS: the wire shows what the path adds.
    pub fn over_tcp(installed: &Installed, host: &dyn Host, target: TcpTarget<'_>) -> Self {
        let TcpTarget {
            host: name,
            port,
            user,
            password,
        } = target;
        let mut command = base(installed, host);
        command
            .args(["--protocol=TCP", CONNECT_TIMEOUT])
            .args([
                format!("--host={name}"),
                format!("--port={port}"),
                format!("--user={user}"),
            ])
            // Not on the command line, where every user of the machine could read it.
            .env("MYSQL_PWD", password);
        match installed.flavor() {
            Flavor::MySql => command.args(["--ssl-mode=DISABLED", "--get-server-public-key"]),
            Flavor::MariaDb => command.arg("--skip-ssl"),
        };
        let place = format!("{name}:{port} as {user} from {}", host.name());
        Self::new(installed, &command, place)
    }

    fn new(installed: &Installed, command: &Command, place: String) -> Self {
        Self {
            flavor: installed.flavor(),
            invocation: Invocation::from(command),
            place,
            timeout: TIMEOUT,
        }
    }

    /// The same with another limit for each answer (120 s).
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Which server it is.
    pub fn flavor(&self) -> Flavor {
        self.flavor
    }

    /// The server as it is reached, for messages.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Carries out one or several statements; the rows of all their answers, NULL as `NULL`.
    pub fn sql(&self, statements: &str) -> Result<Vec<Vec<String>>, SqlError> {
        self.start(&["--skip-column-names"])?.finish(statements)
    }

    /// The first column of the first row.
    pub fn value(&self, statement: &str) -> Result<String, SqlError> {
        let first = self.sql(statement)?.into_iter().flatten().next();
        first.ok_or_else(|| SqlError::Empty {
            place: self.place.clone(),
            statement: excerpt(statement),
        })
    }

    /// The rows of one statement, by the names of their columns.
    pub fn records(&self, statement: &str) -> Result<Vec<BTreeMap<String, String>>, SqlError> {
        let mut rows = self
            .start(&["--column-names"])?
            .finish(statement)?
            .into_iter();
        let names = rows.next().unwrap_or_default();
        Ok(rows
            .map(|row| names.iter().cloned().zip(row).collect())
            .collect())
    }

    /// The GTIDs of everything that the server has committed, as it writes them.
    pub fn committed(&self) -> Result<String, SqlError> {
        self.value(match self.flavor {
            Flavor::MySql => "SELECT @@GLOBAL.gtid_executed",
            Flavor::MariaDb => "SELECT @@GLOBAL.gtid_binlog_pos",
        })
    }

    /// One connection for several statements.
    pub fn session(&self) -> Result<Session, SqlError> {
        // Without --unbuffered the client would keep answers back until it ends.
        self.start(&["--skip-column-names", "--unbuffered"])
    }

    fn start(&self, options: &[&str]) -> Result<Session, SqlError> {
        let mut command = self.invocation.command();
        command.args(options);
        Session::start(command, self.place.clone(), self.timeout)
    }
}

/// Options of every connection: nothing is read from the user's files.
fn base(installed: &Installed, host: &dyn Host) -> Command {
    let mut command = installed.client_command(host);
    command.arg("--no-defaults");
    if installed.flavor() == Flavor::MySql {
        command.arg("--no-login-paths");
    }
    command.args([
        "--batch",
        "--no-auto-rehash",
        "--default-character-set=utf8mb4",
    ]);
    command.arg("--max-allowed-packet=1G");
    command
}
