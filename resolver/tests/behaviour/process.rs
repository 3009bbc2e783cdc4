//! The program: its manifests, its endpoints, its end.

use std::{fs, path::Path};

use hickory_proto::{op::ResponseCode, rr::RecordType};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::{
    ask::{addresses, question, udp},
    fake_upstream::{FakeUpstream, closed_port},
    program::Program,
};

mod not_served;
mod refused_reloads;
mod refused_starts;

const HELLO: &str = "src-hello-0.demo.svc.cluster.local.";

fn service_entry(pod: &str, address: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\n\
         kind: ServiceEntry\n\
         metadata: {{name: src-{pod}, namespace: demo}}\n\
         spec:\n\
         \x20 hosts: [src-{pod}.demo.svc.cluster.local]\n\
         \x20 addresses: [{address}]\n\
         \x20 location: MESH_INTERNAL\n\
         \x20 resolution: STATIC\n\
         \x20 ports: [{{number: 8080, name: tcp, protocol: TCP}}]\n\
         \x20 endpoints: [{{address: 192.0.2.10, ports: {{tcp: 15443}}}}]\n"
    )
}

/// A folder with one alias, hello-0 at 127.64.9.1.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(
        &folder,
        "hello-0.yaml",
        &service_entry("hello-0", "127.64.9.1"),
    );
    folder
}

/// At once, so that no half of a file can be read.
fn write(folder: &TempDir, name: &str, text: &str) {
    let new = folder.path().join("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, folder.path().join(name)).unwrap();
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn start(folder: &TempDir, upstream: &str) -> Program {
    Program::start(&["-f", text(folder.path()), "--upstream", upstream])
}

/// A name server that nobody asks.
const UNUSED: &str = "127.0.0.1:9";

async fn answer(program: &Program, name: &str) -> Vec<String> {
    addresses(&udp(program.address("resolver"), &question(name, RecordType::A)).await)
}

#[tokio::test]
async fn an_alias_of_a_manifest_is_answered() {
    let folder = folder();
    let program = start(&folder, UNUSED);
    assert_eq!(answer(&program, HELLO).await, ["127.64.9.1"]);
}

#[tokio::test]
async fn an_alias_without_an_address_gets_the_one_that_the_shim_computes() {
    let folder = tempfile::tempdir().unwrap();
    let entry = service_entry("hello-0", "X").replace("  addresses: [X]\n", "");
    write(&folder, "hello-0.yaml", &entry);
    let alias = "src-hello-0.demo.svc.cluster.local".parse().unwrap();
    for (mode, capture) in [
        ("vip", eastwest_mesh::Capture::Vip),
        ("redirect", eastwest_mesh::Capture::Redirect),
    ] {
        let flags = [
            "-f",
            text(folder.path()),
            "--upstream",
            UNUSED,
            "--mode",
            mode,
        ];
        let program = Program::start(&flags);
        let computed = eastwest_mesh::virtual_ip::computed(&alias, capture).to_string();
        assert_eq!(answer(&program, HELLO).await, [computed], "{mode}");
    }
}

#[tokio::test]
async fn a_changed_file_is_noticed() {
    let folder = folder();
    let mut program = start(&folder, UNUSED);
    write(
        &folder,
        "hello-0.yaml",
        &service_entry("hello-0", "127.64.9.2"),
    );
    program.wait_for("manifests read again");
    assert_eq!(answer(&program, HELLO).await, ["127.64.9.2"]);
}

#[tokio::test]
async fn sighup_reads_the_manifests_again() {
    let folder = folder();
    let mut program = start(&folder, UNUSED);
    program.signal(Signal::HUP);
    program.wait_for("manifests read again");
    assert_eq!(answer(&program, HELLO).await, ["127.64.9.1"]);
}

#[tokio::test]
async fn one_bad_object_leaves_the_other_aliases_up_and_is_told_by_place() {
    let folder = folder();
    write(
        &folder,
        "broken.yaml",
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nspec: [\n",
    );
    let bad = service_entry("hello-1", "127.64.9.3").replace("number: 8080", "number: http");
    write(&folder, "hello-1.yaml", &bad);
    let mut program = Program::spawn(&[
        "-f",
        text(folder.path()),
        "--upstream",
        UNUSED,
        "--listen=127.0.0.1:0",
        "--ready-address=off",
        "--metrics-address=off",
        "--admin-address=off",
    ]);
    program.wait_for("broken.yaml:3:");
    program.wait_for("hello-1.yaml:9:");
    program.wait_for("resolver listens on");
    assert_eq!(answer(&program, HELLO).await, ["127.64.9.1"]);
}

#[tokio::test]
async fn a_manifest_that_disappears_leaves_the_aliases_as_they_are() {
    let folder = folder();
    let file = folder.path().join("hello-0.yaml");
    let mut program = Program::start(&["-f", text(&file), "--upstream", UNUSED]);
    fs::remove_file(&file).unwrap();
    let line = program.wait_for("manifests not read again");
    assert!(
        line.contains("hello-0.yaml: there is no such file or folder"),
        "{line}"
    );
    assert_eq!(answer(&program, HELLO).await, ["127.64.9.1"]);
}

#[tokio::test]
async fn an_upstream_that_is_down_is_told_once_by_address_and_reason() {
    let closed = closed_port().await;
    let folder = folder();
    let mut program = start(&folder, &closed.to_string());
    for _ in 0..3 {
        let asked = question("www.example.com.", RecordType::A);
        let answer = udp(program.address("resolver"), &asked).await;
        assert_eq!(answer.metadata.response_code, ResponseCode::ServFail);
    }
    let line = program.wait_for("name server does not answer");
    assert!(
        line.contains(&closed.to_string()) && line.contains("refused"),
        "{line}"
    );
    assert!(program.get("admin", "/upstreams").contains("\"silent\""));
    program.signal(Signal::INT);
    let (_, log) = program.end();
    assert_eq!(
        log.matches("name server does not answer").count(),
        1,
        "{log}"
    );
}

#[tokio::test]
async fn metrics_count_questions_by_what_became_of_them() {
    let upstream = FakeUpstream::answering([192, 0, 2, 1]).await;
    let folder = folder();
    let program = start(&folder, &upstream.address.to_string());
    answer(&program, HELLO).await;
    answer(&program, "www.example.com.").await;
    let metrics = program.get("metrics", "/metrics");
    for line in [
        "eastwest_dns_queries_total{protocol=\"udp\",outcome=\"alias\"} 1",
        "eastwest_dns_queries_total{protocol=\"udp\",outcome=\"forwarded\"} 1",
        "eastwest_dns_queries_total{protocol=\"tcp\",outcome=\"alias\"} 0",
        "eastwest_dns_aliases 1",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    let took = format!(
        "eastwest_dns_forward_seconds_count{{upstream=\"{}\"}} 1",
        upstream.address
    );
    assert!(metrics.contains(&took), "{metrics}");
}

#[test]
fn the_admin_address_shows_the_aliases() {
    let folder = folder();
    let program = start(&folder, UNUSED);
    let shown = program.get("admin", "/aliases");
    assert!(
        shown.contains("src-hello-0.demo.svc.cluster.local"),
        "{shown}"
    );
    assert!(shown.contains("127.64.9.1"), "{shown}");
}

#[test]
fn it_is_ready_once_it_listens_and_sigterm_ends_it_cleanly() {
    let folder = folder();
    let flags = [
        "-f",
        text(folder.path()),
        "--upstream",
        UNUSED,
        "--drain-lame-duck=0",
    ];
    let mut program = Program::start(&flags);
    program.wait_for("readiness: ready");
    assert!(
        program
            .get("ready", "/healthz/ready")
            .starts_with("HTTP/1.1 200")
    );
    program.signal(Signal::TERM);
    let (status, log) = program.end();
    assert_eq!(status.code(), Some(0), "{log}");
}
