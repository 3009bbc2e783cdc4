//! A shim that starts when its certificate is not there yet, or out of its time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

#[path = "../../../gateway/tests/process/log.rs"]
mod log;
#[allow(dead_code, reason = "these tests ask for certificates in folders")]
#[path = "../../src/identity/mint.rs"]
mod mint;
mod question;
mod shim;

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::TempDir;

use mint::{HOUR, Mint};
use shim::{PATIENCE, Shim, accepted, addresses_of, becomes_ready, get};

/// The alias of a test. Shims that run at the same time need one each.
fn alias(name: &str) -> String {
    format!("{name}.pxc.svc.cluster.local")
}

/// That leads to a gateway of this machine.
fn service_entry(name: &str, port: u16, gateway: SocketAddr) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
         metadata: {{name: {name}, namespace: pxc}}\n\
         spec:\n  hosts: [{}]\n  location: MESH_INTERNAL\n  \
         ports: [{{number: {port}, name: mysql, protocol: TCP}}]\n  resolution: STATIC\n  \
         endpoints: [{{address: 127.0.0.1, ports: {{mysql: {}}}}}]\n",
        alias(name),
        gateway.port()
    )
}

/// A way to a gateway, and files for it.
struct Caller {
    name: &'static str,
    dir: TempDir,
    gateway: TcpListener,
}

impl Caller {
    fn new(name: &'static str) -> Self {
        let gateway = TcpListener::bind("127.0.0.1:0").unwrap();
        let route = service_entry(name, 33070, gateway.local_addr().unwrap());
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("route.yaml"), route).unwrap();
        fs::create_dir(dir.path().join("identity")).unwrap();
        Self { name, dir, gateway }
    }

    fn identity(&self) -> PathBuf {
        self.dir.path().join("identity")
    }

    /// With where it listens for its app, and the addresses of readiness, admin calls and DNS.
    fn start(&self) -> (Shim, SocketAddr, [SocketAddr; 3]) {
        let path = |name: &str| self.dir.path().join(name).into_os_string();
        let mut shim = Shim::start([
            "-f".into(),
            path("route.yaml"),
            "--identity".into(),
            path("identity"),
            "--dns-listen=127.0.0.1:0".into(),
            "--own-port=none".into(),
        ]);
        let alias = shim.listens(&alias(self.name));
        let dns = shim.listens("dns");
        let ready = shim.listens("ready");
        let admin = shim.listens("admin");
        (shim, alias, [ready, admin, dns])
    }
}

/// How a connection to the alias ends before the shim has said a byte.
fn ends(alias: SocketAddr) -> ErrorKind {
    let mut app = TcpStream::connect(alias).unwrap();
    app.set_read_timeout(Some(PATIENCE)).unwrap();
    app.read(&mut [0]).unwrap_err().kind()
}

#[test]
fn names_are_answered_before_the_certificate_is_there_and_connections_refused_with_the_reason() {
    let caller = Caller::new("src-late-0");
    let (mut shim, app, [ready, admin, dns]) = caller.start();
    assert_eq!(addresses_of(&alias(caller.name), dns), 1);
    let said = get(ready, "/healthz/ready");
    assert!(said.starts_with("HTTP/1.1 503"), "{said}");
    let missing = "cert-chain.pem, key.pem, root-cert.pem (Istio)";
    assert!(
        said.contains("certificate: ") && said.contains(missing),
        "{said}"
    );
    let status = get(admin, "/status.json");
    assert!(status.contains(missing), "{status}");
    assert!(get(admin, "/certs").contains(missing));
    assert_eq!(ends(app), ErrorKind::ConnectionReset);
    let line = shim.log.next_with("no_identity", PATIENCE);
    assert!(line.contains(missing), "{line}");

    Mint::new().write(&caller.identity(), "replica", SystemTime::now() + HOUR);
    becomes_ready(ready);
    let _app = TcpStream::connect(app).unwrap();
    let mut first = [0];
    accepted(&caller.gateway).read_exact(&mut first).unwrap();
    assert_eq!(first, [22], "a TLS handshake");
}

#[test]
fn one_that_has_expired_is_told_with_its_end_and_replaced_without_a_restart() {
    let (caller, mint) = (Caller::new("src-expired-0"), Mint::new());
    let ended = SystemTime::now() - HOUR / 2;
    mint.write(&caller.identity(), "replica", ended);
    let (mut shim, app, [ready, admin, dns]) = caller.start();
    assert_eq!(addresses_of(&alias(caller.name), dns), 1);
    let said = get(ready, "/healthz/ready");
    assert!(said.contains("cert-chain.pem expired at "), "{said}");
    assert!(get(admin, "/status.json").contains("\"expired\""));
    assert_eq!(ends(app), ErrorKind::ConnectionReset);
    let line = shim.log.next_with("no_identity", PATIENCE);
    assert!(line.contains("cert-chain.pem expired at "), "{line}");
    mint.write(&caller.identity(), "replica", SystemTime::now() + HOUR);
    becomes_ready(ready);
}

/// A pod that lets in by a policy of its namespace, which only its certificate tells.
fn called(dir: &Path, app: &TcpListener) -> (Shim, SocketAddr, SocketAddr) {
    let policy = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
                  metadata: {name: allow, namespace: pxc}\n\
                  spec: {rules: [{from: [{source: {namespaces: [pxc]}}]}]}\n";
    fs::write(dir.join("policy.yaml"), policy).unwrap();
    let port = app.local_addr().unwrap().port();
    let mut shim = Shim::start([
        "-f".into(),
        dir.join("policy.yaml").into_os_string(),
        "--identity".into(),
        dir.join("identity").into_os_string(),
        format!("--inbound={port}").into(),
        "--inbound-listen=127.0.0.1:0".into(),
        "--app-address=127.0.0.1".into(),
    ]);
    let inbound = shim.listens("inbound");
    let ready = shim.listens("ready");
    (shim, inbound, ready)
}

/// A shim that calls the other one for its app, and how the app's connection ends or goes on.
fn calling(mint: &Mint, app: &TcpListener, inbound: SocketAddr) -> (Shim, SocketAddr, TempDir) {
    let port = app.local_addr().unwrap().port();
    let route = service_entry("src-called-0", port, inbound);
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("route.yaml"), route).unwrap();
    mint.write(dir.path(), "replica", SystemTime::now() + HOUR);
    let mut shim = Shim::start([
        "-f".into(),
        dir.path().join("route.yaml").into_os_string(),
        "--identity".into(),
        dir.path().as_os_str().to_owned(),
    ]);
    let alias = shim.listens(&alias("src-called-0"));
    (shim, alias, dir)
}

#[test]
fn a_pod_without_a_certificate_turns_callers_away_and_lets_them_in_once_it_has_one() {
    let mint = Mint::new();
    let dir = tempfile::tempdir().unwrap();
    let identity = dir.path().join("identity");
    fs::create_dir(&identity).unwrap();
    let app = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut pod, inbound, ready) = called(dir.path(), &app);
    let (mut caller, alias, _files) = calling(&mint, &app, inbound);
    assert_eq!(ends(alias), ErrorKind::ConnectionReset);
    let line = pod.log.next_with("no_identity", PATIENCE);
    assert!(line.contains("key.pem, root-cert.pem (Istio)"), "{line}");
    let line = caller.log.next_with("pod_unreachable", PATIENCE);
    assert!(
        line.contains("the pod that it has no certificate"),
        "{line}"
    );

    mint.write(&identity, "db", SystemTime::now() + HOUR);
    becomes_ready(ready);
    let mut client = TcpStream::connect(alias).unwrap();
    client.write_all(b"!").unwrap();
    let mut got = [0];
    accepted(&app).read_exact(&mut got).unwrap();
    assert_eq!(&got, b"!");
}

#[test]
fn what_does_not_pass_by_itself_ends_the_start() {
    let start = |dir: &Path| {
        let identity = format!("--identity={}", dir.display());
        Shim::start([identity.as_str(), "--inbound=3306", "--allow=spiffe://a/*"]).ends()
    };
    let (status, said) = start(Path::new("/nonexistent/certs"));
    assert_eq!(status, Some(78), "{said}");
    assert!(said.contains("cannot read /nonexistent/certs"), "{said}");
    let dir = tempfile::tempdir().unwrap();
    Mint::new().write(dir.path(), "db", SystemTime::now() + HOUR);
    fs::write(dir.path().join("cert-chain.pem"), "nothing").unwrap();
    let (status, said) = start(dir.path());
    assert_eq!(status, Some(78), "{said}");
    assert!(said.contains("cert-chain.pem"), "{said}");
    let (mint, other) = (Mint::new(), tempfile::tempdir().unwrap());
    mint.write(dir.path(), "db", SystemTime::now() + HOUR);
    mint.write(other.path(), "db", SystemTime::now() + HOUR);
    fs::copy(other.path().join("key.pem"), dir.path().join("key.pem")).unwrap();
    let (status, said) = start(dir.path());
    assert_eq!(status, Some(78), "{said}");
    assert!(said.contains("does not belong to"), "{said}");
}
