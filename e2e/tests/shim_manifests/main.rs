//! What a running shim makes of manifests that change, and of addresses that are taken.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod own_ports;
#[path = "../../../sidecar-shim/tests/certificate/question.rs"]
mod question;
mod shim;

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use eastwest::certs::{Ca, KeyKind, Overwrite, WorkloadRequest, valid_for};
use tempfile::TempDir;

use shim::{Shim, page};

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
    question::ask(ALIAS, server, PATIENCE)[3] & 0xf
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
