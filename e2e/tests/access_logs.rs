//! What the logs of all processes on a connection's way say together.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use eastwest::clusters::{Clusters, HELLO, Layout, SECRET, SOURCE};
use eastwest::mysql::Flavor;
use eastwest_e2e::{CountedClusters, eastwest, hello, installed};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(20);

/// What `eastwest logs join` prints of these files, as JSON.
fn joined(files: &[PathBuf]) -> Vec<Value> {
    let output = Command::new(eastwest())
        .args(["logs", "join", "-o", "json"])
        .args(files)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(all["bad_lines"], Value::Array(Vec::new()));
    all["connections"].as_array().unwrap().clone()
}

/// The same, once there are so many connections and no line is missing.
fn joined_whole(files: &[PathBuf], count: usize) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let connections = joined(files);
        let whole = connections.iter().all(|one| one["joined"] == true);
        if (whole && connections.len() >= count) || begun.elapsed() > PATIENCE {
            return connections;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn logs(clusters: &Clusters, programs: &[&str]) -> Vec<PathBuf> {
    programs.iter().map(|name| clusters.log_of(name)).collect()
}

fn hops(connection: &Value) -> Vec<&str> {
    let hops = connection["hops"].as_array().unwrap().iter();
    hops.map(|hop| hop["hop"].as_str().unwrap()).collect()
}

#[test]
fn each_connection_is_one_line_of_three_logs_or_more() {
    let clusters = hello().unwrap();
    for pod in &HELLO {
        let visit = clusters.visit("b-app", &pod.alias(), pod.port).unwrap();
        assert!(visit.answer.is_some(), "{visit:?}");
    }
    let refused = clusters.visit("b-app", &SECRET.alias(), SECRET.port);
    assert!(refused.unwrap().answer.is_none());
    let shims: Vec<_> = HELLO
        .iter()
        .map(|pod| format!("{}-shim", pod.name))
        .collect();
    let mut programs = vec!["b-app-shim", "gateway"];
    programs.extend(shims.iter().map(String::as_str));
    let files = logs(&clusters, &programs);
    let connections = joined_whole(&files, HELLO.len() + 1);
    assert_eq!(connections.len(), HELLO.len() + 1, "{connections:#?}");
    for pod in &HELLO {
        let of_pod = |one: &&Value| one["alias"] == pod.alias();
        let connection = connections.iter().find(of_pod).unwrap();
        assert_eq!(connection["joined"], true, "{connection:#}");
        assert_eq!(hops(connection), ["outbound", "passthrough", "inbound"]);
        assert_eq!(connection["ended_first"]["by"], "finished");
        let caller = "spiffe://cluster.local/ns/demo/sa/app";
        assert_eq!(connection["source_identity"], caller);
        let called = "spiffe://cluster.local/ns/demo/sa/hello";
        assert_eq!(connection["destination_identity"], called);
        let name = connection["server_name"].as_str().unwrap();
        assert!(name.contains(pod.name), "{name}");
        // What the gateway dialled is where the pod's shim was called.
        let gateway = &connection["hops"][1];
        assert!(
            gateway["dst_addr"]
                .as_str()
                .unwrap()
                .starts_with(&clusters.layout().pod(pod).to_string()),
            "{gateway:#}"
        );
        // The bytes of the app are the same at both of its ends.
        for bytes in ["bytes_recv", "bytes_sent"] {
            let [first, last] = [0, 2].map(|hop| connection["hops"][hop][bytes].as_u64());
            assert!(first > Some(0), "{connection:#}");
            assert_eq!(first, last, "{connection:#}");
        }
    }
    let of_secret = |one: &&Value| one["alias"] == SECRET.alias();
    let refused = connections.iter().find(of_secret).unwrap();
    assert_eq!(hops(refused), ["outbound", "passthrough"]);
    assert_eq!(refused["joined"], true, "{refused:#}");
    assert_eq!(refused["ended_first"]["hops"][0], "passthrough");
    let without_gateway: Vec<_> = files
        .iter()
        .filter(|file| !file.ends_with("gateway.log"))
        .cloned()
        .collect();
    for connection in joined(&without_gateway) {
        assert_eq!(connection["missing"][0], "passthrough", "{connection:#}");
    }
}

/// The connection of a replica that was cut off by the death of its source's shim, and those that ended
/// with the databases.
#[test]
fn the_connections_of_a_replication_join_to_one_line_each() {
    let name = "the_connections_of_a_replication_join_to_one_line_each";
    let Some(installed) = installed(Flavor::MariaDb, name) else {
        return;
    };
    let mut clusters = CountedClusters::prepare(Layout::Stage).unwrap();
    clusters.start_dns().unwrap();
    clusters.start_gateway().unwrap();
    let databases = clusters.start_databases(&installed).unwrap();
    let shown = databases.replicate().unwrap();
    assert!(shown.written.transactions > 0, "{shown:?}");
    drop(databases);
    let source_shim = format!("{}-shim", SOURCE.name);
    let files = logs(&clusters, &["b-db-shim", "gateway", &source_shim]);
    // The replica asks for the time and the rows over one connection, and may have tried before.
    let connections = joined_whole(&files, 1);
    let replicated = connections.iter().filter(|one| one["joined"] == true);
    let replicated: Vec<_> = replicated
        .filter(|one| hops(one) == ["outbound", "passthrough", "inbound"])
        .collect();
    assert!(!replicated.is_empty(), "{connections:#?}");
    for connection in &connections {
        assert_eq!(connection["joined"], true, "{connection:#}");
        assert_eq!(connection["alias"], SOURCE.alias());
    }
    let mut carried = 0;
    for connection in replicated {
        assert_eq!(connection["port"], "3306");
        let first = &connection["hops"][0];
        if first["bytes_sent"].as_u64() > Some(100) {
            carried += 1;
        } else {
            // The replica may come once more while its source ends, and is cut off before it is greeted.
            assert_ne!(first["reason"], "finished", "{connection:#}");
        }
    }
    assert!(carried > 0, "{connections:#?}");
}

#[test]
fn the_text_form_is_read_as_a_gateway_writes_it() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("gateway.log");
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut gateway = Command::new(eastwest())
        .args([
            "gateway",
            "--log-format",
            "text",
            "--listen",
            &port.to_string(),
        ])
        .args(["--ready-address", "off", "--metrics-address", "off"])
        .args(["--admin-address", "off", "--name-server", "127.0.0.1", "-f"])
        .arg(folder.path())
        .stdin(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let said = ask(port);
    let connections = joined_once(&log);
    gateway.kill().unwrap();
    gateway.wait().unwrap();
    assert!(said.is_some());
    assert_eq!(connections.len(), 1, "{connections:#?}");
    assert_eq!(connections[0]["hops"][0]["reason"], "not_tls");
    let error = connections[0]["hops"][0]["error"].as_str().unwrap();
    assert!(error.contains(' '), "{error}");
}

/// Says something to a gateway that is not TLS.
fn ask(gateway: SocketAddr) -> Option<usize> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Ok(mut stream) = TcpStream::connect(gateway) {
            stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
            let mut answer = Vec::new();
            return Some(stream.read_to_end(&mut answer).unwrap_or(0));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    None
}

fn joined_once(log: &std::path::Path) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let connections = joined(&[log.to_owned()]);
        if !connections.is_empty() || begun.elapsed() > PATIENCE {
            return connections;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
