//! One connection to a server, held by a client program that stays.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::rows::parse_row;
use super::sql_error::{SqlError, excerpt};

/// A connection to a server: user variables, transactions and `SET SESSION` last as long as it.
///
/// It ends at the first statement that fails.
#[derive(Debug)]
pub struct Session {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Vec<u8>>,
    stderr: Option<JoinHandle<String>>,
    place: String,
    timeout: Duration,
    answered: u64,
}

impl Session {
    pub(super) fn start(
        mut command: Command,
        place: String,
        timeout: Duration,
    ) -> Result<Self, SqlError> {
        let spawned = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for us: the client ends with its input.
            .process_group(0)
            .spawn();
        let mut child = match spawned {
            Ok(child) => child,
            Err(source) => return Err(SqlError::NotStarted { place, source }),
        };
        let stdin = child.stdin.take();
        let (sender, lines) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || read_lines(stdout, &sender));
        }
        let stderr = child.stderr.take().map(|mut stderr| {
            thread::spawn(move || {
                let mut said = Vec::new();
                // What was read before an error is still worth telling.
                let _ = stderr.read_to_end(&mut said);
                String::from_utf8_lossy(&said).into_owned()
            })
        });
        Ok(Self {
            child,
            stdin,
            lines,
            stderr,
            place,
            timeout,
            answered: 0,
        })
    }

    /// Carries out one or several statements; the rows of all their answers.
    pub fn sql(&mut self, statements: &str) -> Result<Vec<Vec<String>>, SqlError> {
        self.answered += 1;
        let marker = format!("-- eastwest: answer {} ends --", self.answered);
        let sent = self.send(&format!("{statements}\n;SELECT '{marker}';\n"));
        let mut rows = Vec::new();
        let deadline = Instant::now() + self.timeout;
        loop {
            match self.next_line(deadline, statements)? {
                Some(line) if line == marker.as_bytes() => return Ok(rows),
                Some(line) => rows.push(parse_row(&line)),
                None => return Err(self.ended(statements, sent)),
            }
        }
    }

    /// Carries out the last statements of this connection.
    pub(super) fn finish(mut self, statements: &str) -> Result<Vec<Vec<String>>, SqlError> {
        let sent = self.send(&format!("{statements}\n;\n"));
        self.stdin = None;
        let mut rows = Vec::new();
        let deadline = Instant::now() + self.timeout;
        while let Some(line) = self.next_line(deadline, statements)? {
            rows.push(parse_row(&line));
        }
        match self.child.wait() {
            Ok(status) if status.success() && sent.is_ok() => Ok(rows),
            _ => Err(self.ended(statements, sent)),
        }
    }

    fn send(&mut self, text: &str) -> io::Result<()> {
        let Some(stdin) = &mut self.stdin else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        stdin.write_all(text.as_bytes())?;
        stdin.flush()
    }

    /// The next line of the answer; none when the client has ended.
    fn next_line(
        &mut self,
        deadline: Instant,
        statements: &str,
    ) -> Result<Option<Vec<u8>>, SqlError> {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.lines.recv_timeout(left) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                self.end();
                Err(SqlError::TimedOut {
                    place: self.place.clone(),
                    waited: self.timeout,
                    statement: excerpt(statements),
                })
            }
        }
    }

    /// Why the client has ended before its time.
    fn ended(&mut self, statements: &str, sent: io::Result<()>) -> SqlError {
        self.stdin = None;
        let status = self.child.wait();
        let stderr = self
            .stderr
            .take()
            .and_then(|thread| thread.join().ok())
            .unwrap_or_default();
        let mut said = error_in(&stderr);
        if said.is_empty() {
            said = match (status, sent) {
                (Ok(status), Ok(())) => format!("the client ended with {status}"),
                (Ok(status), Err(error)) => format!("the client ended with {status}: {error}"),
                (Err(error), _) => format!("waiting for the client: {error}"),
            };
        }
        SqlError::Refused {
            place: self.place.clone(),
            said,
            statement: excerpt(statements),
        }
    }

    fn end(&mut self) {
        self.stdin = None;
        // It may have ended by itself; either way it is reaped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.end();
    }
}

/// The error in what a client said: without warnings, and without the statement, which MariaDB's
/// client repeats before it.
fn error_in(stderr: &str) -> String {
    let lines: Vec<&str> = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.contains("[Warning]"))
        .collect();
    let error = lines.iter().position(|line| line.starts_with("ERROR "));
    lines
        .get(error.unwrap_or(0)..)
        .unwrap_or_default()
        .join(" ")
}

/// Sends each line without its end; the channel closes with the pipe.
fn read_lines(pipe: impl Read, sender: &mpsc::Sender<Vec<u8>>) {
    let mut pipe = BufReader::new(pipe);
    loop {
        let mut line = Vec::new();
        match pipe.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        if sender.send(line).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
