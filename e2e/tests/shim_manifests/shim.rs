//! A shim that runs, its log, and what it answers at its admin address.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use eastwest_e2e::eastwest;
use tempfile::TempDir;

use super::PATIENCE;

/// A running shim, killed when dropped.
pub(crate) struct Shim {
    pub(crate) child: Child,
    lines: Receiver<String>,
    pub(crate) log: Vec<String>,
}

impl Drop for Shim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Shim {
    /// With these manifests, this identity, and somebody who may call.
    pub(crate) fn start(manifests: &Path, identity: &TempDir) -> Self {
        Self::start_with(manifests, identity, &[])
    }

    pub(crate) fn start_with(manifests: &Path, identity: &TempDir, more: &[&str]) -> Self {
        let dns = [
            "--dns-upstream",
            "127.0.0.1:9",
            "--dns-listen",
            "127.0.0.1:0",
        ];
        Self::start_without_dns(manifests, identity, &[&dns[..], more].concat())
    }

    /// Others answer the aliases.
    pub(crate) fn start_without_dns(manifests: &Path, identity: &TempDir, more: &[&str]) -> Self {
        let calls = [
            "--inbound",
            "3306",
            "--inbound-listen",
            "127.0.0.1:0",
            "--allow",
            "spiffe://cluster.local/ns/demo/sa/*",
            "--ready-address",
            "off",
        ];
        Self::start_bare(manifests, identity, &[&calls[..], more].concat())
    }

    /// Without callers, names or probes.
    pub(crate) fn start_bare(manifests: &Path, identity: &TempDir, more: &[&str]) -> Self {
        let mut child = Command::new(eastwest())
            .args(["shim", "-f", manifests.to_str().unwrap()])
            .args(["--identity", identity.path().to_str().unwrap()])
            .args(["--name-server", "127.0.0.1:9"])
            .args(["--metrics-address", "off"])
            .args(["--admin-address", "127.0.0.1:0"])
            .args(more)
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
        let log = Vec::new();
        Self { child, lines, log }
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

    /// Where it listens, by a line of the log that is still to come.
    pub(crate) fn address(&mut self, name: &str) -> SocketAddr {
        let line = self.wait_for(&format!("{name} listens on "));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Asks for `/routes` until the answer is as wanted.
    pub(crate) fn wait_for_routes(admin: SocketAddr, wanted: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let routes = page(admin, "/routes");
            if wanted(&routes) {
                return;
            }
            assert!(Instant::now() < deadline, "/routes stays {routes}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A page of the admin address, without white space.
pub(crate) fn page(admin: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(admin).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let (_, body) = response.split_once("\r\n\r\n").unwrap();
    body.split_whitespace().collect()
}
