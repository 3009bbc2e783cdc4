//! A running server.

mod arguments;
mod error;
mod options;

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::net::IpAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub use error::{StartError, StopError};
pub use options::ServerOptions;

use super::client::Client;
use super::installed::Installed;
use super::output::last_lines;
use super::replication::Replica;
use super::sql_error::SqlError;
use crate::leftovers::Guarded;
use crate::stage::host::Host;

/// How a server went down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// It shut down by itself when it was asked to.
    Cleanly,
    /// It did not in time, and was killed.
    Killed,
}

/// A running server. Dropping it kills it; its data directory stays.
#[derive(Debug)]
pub struct Server {
    child: Guarded,
    client: Client,
    options: ServerOptions,
    socket: PathBuf,
}

const POLL: Duration = Duration::from_millis(50);

impl Server {
    /// Starts a server on a host and waits until it answers on its Unix socket. A data directory
    /// that does not exist is made first.
    pub fn start(
        host: &dyn Host,
        installed: &Installed,
        options: ServerOptions,
    ) -> Result<Self, StartError> {
        let socket = arguments::socket(&options.datadir)?;
        if !options.datadir.exists() {
            installed.create_datadir(&options.datadir)?;
        }
        let log = error_log(&options.datadir);
        let log_file = OpenOptions::new().create(true).append(true).open(&log);
        let log_file = log_file.map_err(StartError::io("opening", &log))?;
        let second = log_file
            .try_clone()
            .map_err(StartError::io("opening", &log))?;
        let mut command = installed.server_command(host);
        command
            .args(arguments::of(installed, &options, &socket))
            .stdin(Stdio::null())
            .stdout(log_file)
            .stderr(second);
        let child = Guarded::spawn(&mut command).map_err(|source| StartError::NotStarted {
            host: host.name().to_owned(),
            source,
        })?;
        // From here on, dropping it kills the child.
        let client = Client::over_socket(installed, &socket);
        let mut server = Self {
            child,
            client,
            options,
            socket,
        };
        server.wait_until_ready(host.name())?;
        Ok(server)
    }

    /// Whether a server's Unix socket would fit into `datadir`, which need not exist yet.
    ///
    /// # Errors
    /// [`StartError::PathTooLong`], where [`start`](Self::start) would say it.
    pub fn fits(datadir: &Path) -> Result<(), StartError> {
        arguments::socket(datadir).map(drop)
    }

    fn wait_until_ready(&mut self, host: &str) -> Result<(), StartError> {
        let deadline = Instant::now() + self.options.start_timeout;
        loop {
            let exited = self.child.try_wait();
            if let Some(status) = exited.map_err(StartError::io("waiting for", &self.socket))? {
                return Err(StartError::Ended {
                    host: host.to_owned(),
                    status,
                    log: self.log_tail(15),
                });
            }
            // A connect is cheap; only a server that accepts is asked with the client program.
            let accepts = UnixStream::connect(&self.socket).is_ok();
            if accepts && self.client.sql("SELECT 1").is_ok() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(StartError::NotReady {
                    host: host.to_owned(),
                    waited: self.options.start_timeout,
                    log: self.log_tail(15),
                });
            }
            thread::sleep(POLL);
        }
    }

    /// The server's process id, as this process sees it.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The addresses that it was told to listen on.
    pub fn bind_addresses(&self) -> &[IpAddr] {
        &self.options.bind_addresses
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.options.port
    }

    /// Its Unix socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Where its rows are.
    pub fn datadir(&self) -> &Path {
        &self.options.datadir
    }

    /// The last lines of its error log.
    pub fn log_tail(&self, lines: usize) -> String {
        tail(&error_log(&self.options.datadir), lines)
    }

    /// Root's way in: over the Unix socket, from any thread.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Carries out statements as root; see [`Client::sql`].
    pub fn sql(&self, statements: &str) -> Result<Vec<Vec<String>>, SqlError> {
        self.client.sql(statements)
    }

    /// This server as one that follows another.
    pub fn replica(&self) -> Replica<'_> {
        Replica::new(&self.client)
    }

    /// Whether it has ended by itself, and how.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks it to shut down, and kills it if that takes longer than `grace`.
    pub fn stop(mut self, grace: Duration) -> Result<Stopped, StopError> {
        if self.ended().is_none() {
            self.signal(Signal::SIGTERM)?;
        }
        let deadline = Instant::now() + grace;
        while self.ended().is_none() {
            if Instant::now() >= deadline {
                // Dropped on the way out, it is killed and reaped.
                return Ok(Stopped::Killed);
            }
            thread::sleep(POLL);
        }
        Ok(Stopped::Cleanly)
    }

    /// Ends it as a power cut would, but for what the kernel still writes.
    pub fn kill(self) {}

    /// Does the same, and keeps what [`restart`](Self::restart) needs.
    pub fn crash(&mut self) {
        self.child.kill();
    }

    /// Starts it again on its data directory, with the options that it had.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn restart(&mut self, host: &dyn Host, installed: &Installed) -> Result<(), StartError> {
        if self.ended().is_none() {
            self.crash();
        }
        *self = Self::start(host, installed, self.options.clone())?;
        Ok(())
    }

    /// Sends it a signal, e.g. SIGSTOP to freeze it.
    pub fn signal(&self, signal: Signal) -> Result<(), StopError> {
        let pid = self.child.id();
        let number = i32::try_from(pid).map_err(|_| StopError::BadPid { pid })?;
        kill(Pid::from_raw(number), signal).map_err(|errno| StopError::Signal {
            pid,
            signal: signal.as_str(),
            source: errno.into(),
        })
    }
}

fn error_log(datadir: &Path) -> PathBuf {
    datadir.join("error.log")
}

/// The last lines of a file, of which only the last 64 KiB are read.
fn tail(path: &Path, lines: usize) -> String {
    const MOST: u64 = 64 * 1024;
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(MOST)))?;
        let mut bytes = Vec::new();
        file.take(MOST).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match read() {
        Ok(bytes) => last_lines(&String::from_utf8_lossy(&bytes), lines),
        Err(error) => format!("(its log {} cannot be read: {error})", path.display()),
    }
}

#[cfg(test)]
mod tests;
