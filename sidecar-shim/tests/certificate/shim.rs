//! A shim as a process of its own, and what is asked of it.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::log::Log;
use super::question;

/// From any event to what must follow it, on a machine that is busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Shim {
    child: Child,
    pub(crate) log: Log,
}

impl Shim {
    pub(crate) fn start<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_eastwest-shim"))
            .env_clear()
            .args(["--name-server=127.0.0.1:9", "--ready-address=127.0.0.1:0"])
            .args([
                "--metrics-address=127.0.0.1:0",
                "--admin-address=127.0.0.1:0",
            ])
            .args(args)
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let log = Log::of(child.stderr.take().unwrap());
        Self { child, log }
    }

    /// Where it says that it listens; asked for in the order of its log.
    pub(crate) fn listens(&mut self, name: &str) -> SocketAddr {
        let said = self.log.next_with(&format!("{name} listens on "), PATIENCE);
        said.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// The status with which it ends by itself.
    pub(crate) fn ends(mut self) -> (Option<i32>, String) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.code(), self.log.whole(true).join("\n"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it goes on:\n{}", self.log.whole(false).join("\n"));
    }
}

impl Drop for Shim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The whole answer of one of its HTTP addresses.
pub(crate) fn get(address: SocketAddr, path: &str) -> String {
    let mut tcp = TcpStream::connect(address).unwrap();
    let question = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    tcp.write_all(question.as_bytes()).unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).unwrap();
    answer
}

/// Waits until it says that it is ready.
pub(crate) fn becomes_ready(ready: SocketAddr) {
    let begun = Instant::now();
    let mut said = String::new();
    while begun.elapsed() < PATIENCE {
        said = get(ready, "/healthz/ready");
        if said.starts_with("HTTP/1.1 200") {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("not ready: {said}");
}

/// How many IPv4 addresses its DNS knows of a name.
pub(crate) fn addresses_of(name: &str, server: SocketAddr) -> u16 {
    let answer = question::ask(name, server, PATIENCE);
    u16::from_be_bytes([answer[6], answer[7]])
}

/// Whoever accepts within the patience; the listener is left as it is.
pub(crate) fn accepted(listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Ok((tcp, _)) = listener.accept() {
            tcp.set_nonblocking(false).unwrap();
            tcp.set_read_timeout(Some(PATIENCE)).unwrap();
            return tcp;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("nobody has come");
}
