//! What a running shim makes of manifests that change, and of addresses that are taken.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod own_ports;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use eastwest::certs::{Ca, KeyKind, Overwrite, WorkloadRequest, valid_for};
use eastwest_e2e::eastwest;
use tempfile::TempDir;

/// Longer than anything here takes, short enough to wait for a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bad configuration, `EX_CONFIG` of sysexits.h.
const BAD_CONFIGURATION: i32 = 78;

const DENY: &str = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
    metadata: {name: deny, namespace: demo}\n\
    spec: {action: DENY, rules: [{from: [{source: {namespaces: [bad]}}]}]}\n";

const ALIAS: &str = "src-db-0.demo.svc.cluster.local";
const NOERROR: u8 = 0;
const SERVFAIL: u8 = 2;

/// A running shim, killed when dropped.
struct Shim {
    child: Child,
    lines: Receiver<String>,
    log: Vec<String>,
}

impl Drop for Shim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Shim {
    /// With these manifests, this identity, and somebody who may call.
    fn start(manifests: &Path, identity: &TempDir) -> Self {
        Self::start_with(manifests, identity, &[])
    }

    fn start_with(manifests: &Path, identity: &TempDir, more: &[&str]) -> Self {
        let dns = [
            "--dns-upstream",
            "127.0.0.1:9",
            "--dns-listen",
            "127.0.0.1:0",
        ];
        Self::start_without_dns(manifests, identity, &[&dns[..], more].concat())
    }

    /// Others answer the aliases.
    fn start_without_dns(manifests: &Path, identity: &TempDir, more: &[&str]) -> Self {
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
    fn start_bare(manifests: &Path, identity: &TempDir, more: &[&str]) -> Self {
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
    fn wait_for(&mut self, text: &str) -> String {
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
    fn address(&mut self, name: &str) -> SocketAddr {
        let line = self.wait_for(&format!("{name} listens on "));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Asks for `/routes` until the answer is as wanted.
    fn wait_for_routes(admin: SocketAddr, wanted: impl Fn(&str) -> bool) {
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
fn page(admin: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(admin).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let (_, body) = response.split_once("\r\n\r\n").unwrap();
    body.split_whitespace().collect()
}

fn identity(id: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let validity = valid_for(Duration::from_secs(3600));
    let root = Ca::root("root", KeyKind::default(), validity).unwrap();
    let request = WorkloadRequest {
        id: id.parse().unwrap(),
        dns_names: Vec::new(),
        key: KeyKind::default(),
        validity,
    };
    let workload = root.workload(&request).unwrap();
    workload.write(dir.path(), Overwrite::Replace).unwrap();
    dir
}

fn demo() -> TempDir {
    identity("spiffe://cluster.local/ns/demo/sa/app")
}

fn service_entry(address: SocketAddr) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {{name: src-db-0, namespace: demo}}\nspec:\n  \
         hosts: [{ALIAS}]\n  addresses: [{}]\n  resolution: STATIC\n  \
         ports: [{{number: {}, name: mysql, protocol: TCP}}]\n  \
         endpoints: [{{address: 192.0.2.1, ports: {{mysql: 15443}}, serviceAccount: db}}]\n",
        address.ip(),
        address.port(),
    )
}

/// What DNS says about the alias's address (RFC 1035 section 4.1).
fn response_code(server: SocketAddr) -> u8 {
    let mut question = vec![0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in ALIAS.split('.') {
        question.push(label.len().try_into().unwrap());
        question.extend(label.as_bytes());
    }
    question.extend([0, 0, 1, 0, 1]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.send_to(&question, server).unwrap();
    let mut answer = [0; 512];
    socket.recv(&mut answer).unwrap();
    answer[3] & 0xf
}

/// An address of its own for each test, which is in use until the listener is dropped.
fn taken(ip: &str) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((ip, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[test]
fn a_taken_address_is_down_until_it_is_free_and_routes_say_what_is_so_now() {
    let (app, address) = taken("127.77.0.1");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("aliases.yaml");
    fs::write(&file, service_entry(address)).unwrap();
    let identity = demo();
    let mut shim = Shim::start(dir.path(), &identity);
    let (dns, admin) = (shim.address("dns"), shim.address("admin"));
    let down = |text: &str| text.contains(r#""served":[]"#) && text.contains("theportisinuse");
    Shim::wait_for_routes(admin, down);
    // An answer would lead the app to whoever has the address, such as its own pod's server.
    assert_eq!(response_code(dns), SERVFAIL);
    drop(app);
    Shim::wait_for_routes(admin, |text| text.contains(r#""down":[]"#));
    let deadline = Instant::now() + PATIENCE;
    while response_code(dns) != NOERROR {
        assert!(Instant::now() < deadline, "the alias is not answered");
    }
    TcpStream::connect(address).unwrap();
}

#[test]
fn an_alias_whose_far_end_may_be_any_account_is_told_at_the_start() {
    let (free, address) = taken("127.77.0.9");
    drop(free);
    let dir = tempfile::tempdir().unwrap();
    let named = service_entry(address);
    let entry = named.replace(", serviceAccount: db", "");
    assert_ne!(entry, named);
    fs::write(dir.path().join("aliases.yaml"), entry).unwrap();
    let identity = demo();
    let mut shim = Shim::start(dir.path(), &identity);
    let said = shim.wait_for("any account of namespace demo");
    assert!(said.contains(ALIAS), "{said}");
    drop(shim);
    fs::write(dir.path().join("aliases.yaml"), named).unwrap();
    shim = Shim::start(dir.path(), &identity);
    shim.wait_for("readiness: ready");
    let told = |line: &String| line.contains("any account of namespace");
    assert!(!shim.log.iter().any(told), "{:?}", shim.log);
}

#[test]
fn a_broken_object_leaves_routes_and_callers_as_they_are_until_it_is_mended() {
    let (free, address) = taken("127.77.0.2");
    drop(free);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("aliases.yaml");
    let good = service_entry(address);
    fs::write(&file, &good).unwrap();
    let identity = demo();
    let mut shim = Shim::start(dir.path(), &identity);
    let (dns, admin) = (shim.address("dns"), shim.address("admin"));
    // A new policy does not count before the typo beside it is mended.
    let bad = good.replace("number: ", "number: x");
    fs::write(&file, format!("{bad}---\n{DENY}")).unwrap();
    shim.wait_for("manifests not taken");
    let line = shim.wait_for("error[EW005]");
    assert!(line.contains("/aliases.yaml:8:"), "{line}");
    let routes = page(admin, "/routes");
    assert!(
        routes.contains(ALIAS) && routes.contains(r#""down":[]"#),
        "{routes}"
    );
    assert_eq!(response_code(dns), NOERROR);
    TcpStream::connect(address).unwrap();
    let shown = page(admin, "/manifests");
    assert!(
        shown.contains("older_than_the_files") && shown.contains("/aliases.yaml:8:"),
        "{shown}"
    );
    fs::write(&file, format!("{good}---\n{DENY}")).unwrap();
    let line = shim.wait_for("manifests read again");
    assert!(
        line.contains("callers added: demo/deny") && !line.contains("routes added"),
        "{line}"
    );
    assert!(page(admin, "/manifests").contains(r#""in_force":"current""#));
}

#[test]
fn with_a_manifest_that_may_be_a_deny_the_shim_starts_and_lets_nobody_in() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("policy.yaml");
    fs::write(&file, DENY.replace("bad]", "bad")).unwrap();
    let identity = demo();
    let mut shim = Shim::start(dir.path(), &identity);
    let said = shim.wait_for("nobody may call until this is mended");
    assert!(said.contains("policy.yaml:4:"), "{said}");
    shim.wait_for("callers are checked");
    fs::write(&file, DENY).unwrap();
    shim.wait_for("manifests read again");
    fs::write(&file, DENY.replace("spec:", "sp ec: -")).unwrap();
    shim.wait_for("manifests not taken");
    let said = shim.wait_for("policy.yaml:");
    assert!(said.contains("error[EW001]"), "{said}");
}

#[test]
fn policies_and_an_identity_without_a_namespace_are_refused_as_configuration() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("policy.yaml"), DENY).unwrap();
    let identity = identity("spiffe://cluster.local/workload/db");
    let mut shim = Shim::start(dir.path(), &identity);
    let said = shim.wait_for("names no namespace");
    assert!(said.contains("--allow"), "{said}");
    assert_eq!(shim.child.wait().unwrap().code(), Some(BAD_CONFIGURATION));
}

#[test]
fn a_policy_of_which_nobody_can_tell_whether_it_holds_leaves_the_callers_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let identity = identity("spiffe://cluster.local/workload/db");
    let mut shim = Shim::start(dir.path(), &identity);
    let admin = shim.address("admin");
    shim.wait_for("readiness: ready");
    fs::write(dir.path().join("policy.yaml"), DENY).unwrap();
    let said = shim.wait_for("manifests not taken");
    assert!(said.contains("names no namespace"), "{said}");
    assert!(page(admin, "/manifests").contains("older_than_the_files"));
}
