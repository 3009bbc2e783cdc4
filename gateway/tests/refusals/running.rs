//! A gateway as a process of its own, and clients that speak only as far as the ClientHello.

use std::cell::RefCell;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, prlimit};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use tempfile::TempDir;

use crate::log::Log;

/// Longer than anything here takes, and less than the default time for a ClientHello.
const PATIENCE: Duration = Duration::from_secs(8);

const GATEWAY: &str = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: exports, namespace: istio-system}
spec:
  servers:
  - port: {number: 15443, name: tls, protocol: TLS}
    tls: {mode: AUTO_PASSTHROUGH}
    hosts: ['*.demo.svc.cluster.local']
  - port: {number: 15443, name: plain, protocol: TLS}
    tls: {mode: PASSTHROUGH}
    hosts: ['*.plain.svc.cluster.local']
";

/// A running gateway, killed when dropped.
pub(crate) struct Gateway {
    child: Child,
    log: RefCell<Log>,
    address: SocketAddr,
    _manifests: TempDir,
}

impl Gateway {
    /// Exports `demo` for Istio's server names and `plain` for plain ones; nobody answers its
    /// questions for pods.
    pub(crate) fn start(flags: &[&str]) -> Self {
        Self::start_telling("off", flags)
    }

    /// The same with metrics to be read at this address.
    pub(crate) fn start_with_metrics(metrics: SocketAddr, flags: &[&str]) -> Self {
        Self::start_telling(&metrics.to_string(), flags)
    }

    fn start_telling(metrics: &str, flags: &[&str]) -> Self {
        let manifests = tempfile::tempdir().unwrap();
        fs::write(manifests.path().join("gateway.yaml"), GATEWAY).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_eastwest-gateway"))
            .env_clear()
            .args(["-f", manifests.path().to_str().unwrap()])
            .args(["--listen", "127.0.0.1:0", "--name-server", "127.0.0.1:9"])
            .args(["--ready-address=off", "--admin-address=off"])
            .args(["--metrics-address", metrics])
            .args(flags)
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let log = Log::of(child.stderr.take().unwrap());
        let mut gateway = Self {
            child,
            log: RefCell::new(log),
            address: ([0, 0, 0, 0], 0).into(),
            _manifests: manifests,
        };
        let said = gateway.logged("gateway listens on ");
        gateway.address = said.rsplit(' ').next().unwrap().parse().unwrap();
        gateway
    }

    /// The next line of the log with `text` in it.
    pub(crate) fn logged(&self, text: &str) -> String {
        self.log.borrow_mut().next_with(text, PATIENCE)
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client that has said one byte.
    pub(crate) fn client(&self) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(&[22]).unwrap();
        stream
    }

    /// Leaves the process so many descriptors beside those that it has.
    pub(crate) fn leave_descriptors(&self, more: u64) {
        let process = rustix::process::Pid::from_child(&self.child);
        let open = fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap();
        let limit = Rlimit {
            current: Some(open.count() as u64 + more),
            ..getrlimit(Resource::Nofile)
        };
        prlimit(Some(process), Resource::Nofile, limit).unwrap();
    }

    /// What is sent back for `bytes` until the connection ends.
    pub(crate) fn answer(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A ClientHello as rustls sends it.
pub(crate) fn hello(sni: &str, alpn: &[&str]) -> Vec<u8> {
    let mut config = ClientConfig::builder()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|one| one.as_bytes().to_vec()).collect();
    let name = sni.to_owned().try_into().unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    bytes
}
