//! A shim whose descriptors have run out.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

#[path = "../../../gateway/tests/process/log.rs"]
mod log;
#[allow(dead_code, reason = "this test asks for one certificate")]
#[path = "../../src/identity/mint.rs"]
mod mint;

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use log::Log;
use mint::{HOUR, Mint};

/// Longer than a handshake may take.
const PATIENCE: Duration = Duration::from_secs(30);

struct Shim(Child);

impl Shim {
    /// Leaves the process so many descriptors beside those that it has.
    fn leave_descriptors(&self, more: u64) {
        let open = fs::read_dir(format!("/proc/{}/fd", self.0.id())).unwrap();
        let limit = Rlimit {
            current: Some(open.count() as u64 + more),
            ..getrlimit(Resource::Nofile)
        };
        prlimit(Some(Pid::from_child(&self.0)), Resource::Nofile, limit).unwrap();
    }
}

impl Drop for Shim {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_shim_that_can_accept_no_app_is_unready_until_it_can_though_no_app_comes() {
    // Connects, and says nothing: whoever dials it has a descriptor for that.
    let gateway = TcpListener::bind("127.0.0.1:0").unwrap();
    let route = format!(
        "\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: src-starved-0, namespace: pxc}}
spec:
  hosts: [src-starved-0.pxc.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{{number: 33069, name: mysql, protocol: TCP}}]
  resolution: STATIC
  endpoints: [{{address: 127.0.0.1, ports: {{mysql: {}}}}}]
",
        gateway.local_addr().unwrap().port()
    );
    let dir = tempfile::tempdir().unwrap();
    Mint::new().write(dir.path(), "replica", SystemTime::now() + HOUR);
    let route_file = dir.path().join("route.yaml");
    fs::write(&route_file, route).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_eastwest-shim"))
        .env_clear()
        .args(["--mode", "vip", "--name-server", "127.0.0.1:9", "-f"])
        .arg(&route_file)
        .arg("--identity")
        .arg(dir.path())
        .args(["--ready-address=off", "--metrics-address=off"])
        .args(["--admin-address=off", "--max-connections=1000"])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut log = Log::of(child.stderr.take().unwrap());
    let shim = Shim(child);
    let said = log.next_with("src-starved-0.pxc.svc.cluster.local listens on ", PATIENCE);
    let alias: SocketAddr = said.rsplit(' ').next().unwrap().parse().unwrap();
    log.next_with("readiness: ready", PATIENCE);
    shim.leave_descriptors(3);
    let apps: Vec<_> = (0..8).map(|_| TcpStream::connect(alias).unwrap()).collect();
    let said = log.next_with("not ready", PATIENCE);
    assert!(said.contains("aliases: Too many open files"), "{said}");
    drop(apps);
    let said = log.next_with("ready", PATIENCE);
    assert!(!said.contains("not ready"), "{said}");
}
