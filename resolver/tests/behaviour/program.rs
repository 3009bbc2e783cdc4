//! `eastwest-resolver` as a child process.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

/// Longer than anything here takes, short enough to wait for a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// Flags with which several can run side by side.
const ANY_PORT: [&str; 4] = [
    "--listen=127.0.0.1:0",
    "--ready-address=127.0.0.1:0",
    "--metrics-address=127.0.0.1:0",
    "--admin-address=127.0.0.1:0",
];

/// A running resolver, killed when dropped.
pub(crate) struct Program {
    child: Child,
    lines: Receiver<String>,
    log: Vec<String>,
}

impl Program {
    /// Starts one on any ports and waits until it listens.
    pub(crate) fn start(flags: &[&str]) -> Self {
        let mut program = Self::spawn(&[&ANY_PORT, flags].concat());
        program.wait_for("admin listens on");
        program
    }

    pub(crate) fn spawn(flags: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_eastwest-resolver"))
            .env_clear()
            .args(flags)
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
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("no `{text}` in the log:\n{}", self.log.join("\n"));
            };
            self.log.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// The address in the line `NAME listens on ADDRESS`, which has been read.
    pub(crate) fn address(&self, name: &str) -> SocketAddr {
        let said = format!("{name} listens on ");
        let mut found = self.log.iter().filter_map(|line| line.split_once(&said));
        found.next().unwrap().1.parse().unwrap()
    }

    /// What an HTTP endpoint of the process says.
    pub(crate) fn get(&self, endpoint: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address(endpoint)).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, signal).unwrap();
    }

    /// Waits for its end, and returns the whole log.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
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
        (status, self.log.join("\n"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
