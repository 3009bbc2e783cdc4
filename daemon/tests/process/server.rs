//! The example server as a child process.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Longer than anything here takes, short enough to wait for a failure.
const PATIENCE: Duration = Duration::from_secs(20);

/// An example, which `cargo test` builds beside the tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let built = test
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("examples")
        .join(name);
    assert!(
        built.exists(),
        "{}: build it with `cargo build --examples`",
        built.display()
    );
    built
}

/// A command line that uses no fixed port and nothing of the test's own environment.
pub(crate) fn command(words: &[&str]) -> Command {
    let mut command = Command::new(example("echo"));
    command.env_clear();
    command.args(words);
    command
}

/// Flags with which several can run side by side.
pub(crate) const ANY_PORT: [&str; 3] = [
    "--ready-address=127.0.0.1:0",
    "--metrics-address=off",
    "--admin-address=127.0.0.1:0",
];

/// A running server, killed when dropped.
pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    /// What has been read of its log.
    pub(crate) log: Vec<String>,
}

impl Server {
    /// Starts one and waits until it listens.
    pub(crate) fn start(words: &[&str]) -> Self {
        let mut server = Self::spawn(command(&[&ANY_PORT, words].concat()));
        server.wait_for("admin listens on");
        server
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self {
            child,
            lines,
            log: Vec::new(),
        }
    }

    /// Reads the log until a line contains `text`, and returns that line.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.log.push(line.clone());
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(_) => panic!("no `{text}` in the log:\n{}", self.log.join("\n")),
            }
        }
    }

    /// The address in the line `NAME listens on ADDRESS`, which has been read.
    pub(crate) fn address(&self, name: &str) -> SocketAddr {
        let said = format!("{name} listens on ");
        let line = self.log.iter().find(|line| line.contains(&said)).unwrap();
        line.split_once(&said)
            .unwrap()
            .1
            .trim_end_matches(['"', '}'])
            .parse()
            .unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end and reads the rest of its log.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                Instant::now() < deadline,
                "still runs:\n{}",
                self.log.join("\n")
            );
            std::thread::sleep(Duration::from_millis(5));
        };
        self.log.extend(self.lines.iter());
        status
    }

    pub(crate) fn said(&self, text: &str) -> bool {
        self.log.iter().any(|line| line.contains(text))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
