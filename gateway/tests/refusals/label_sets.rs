//! What clients say does not become a label: the number of series is the same for one name and for many.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use crate::running::{Gateway, hello};

/// Names that nobody exports, as many clients at a time, and names below a wildcard that no pod has.
const UNKNOWN: usize = 9_000;
const BELOW_WILDCARD: usize = 1_000;
const CLIENTS: usize = 40;

/// The series that the gateway exposes, by name and labels.
fn series(metrics: SocketAddr) -> BTreeSet<String> {
    let mut stream = TcpStream::connect(metrics).unwrap();
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let lines = body.lines().filter(|line| !line.starts_with('#'));
    let named = lines.filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()));
    named.collect()
}

fn unknown(n: usize) -> String {
    format!("outbound_.3306_._.db-{n}.db.other.svc.cluster.local")
}

fn below_wildcard(n: usize) -> String {
    format!("outbound_.3306_._.src-hello-{n}.demo.svc.cluster.local")
}

#[test]
fn ten_thousand_names_make_no_series() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let metrics = free.local_addr().unwrap();
    drop(free);
    let flags = ["--connect-timeout", "200ms"];
    let gateway = Gateway::start_with_metrics(metrics, &flags);
    // It is counted when the line is written, and not yet when the answer is.
    let ask = |name: &str| {
        gateway.answer(&hello(name, &["istio"]));
        gateway.logged("connection ended");
    };
    ask(&unknown(0));
    ask(&below_wildcard(0));
    let before = series(metrics);
    assert!(before.len() > 20, "{before:#?}");
    let address = gateway.address();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            thread::spawn(move || {
                let of_client = |n: &usize| n % CLIENTS == client;
                let unknown = (1..=UNKNOWN).filter(of_client).map(unknown);
                let below = (1..=BELOW_WILDCARD).filter(of_client).map(below_wildcard);
                let mut refused = 0;
                for name in unknown.chain(below) {
                    let mut stream = TcpStream::connect(address).unwrap();
                    stream.write_all(&hello(&name, &["istio"])).unwrap();
                    let mut answer = Vec::new();
                    stream.read_to_end(&mut answer).unwrap();
                    refused += usize::from(answer.first() == Some(&21));
                }
                refused
            })
        })
        .collect();
    let refused = clients.into_iter().map(|client| client.join().unwrap());
    assert_eq!(refused.sum::<usize>(), UNKNOWN + BELOW_WILDCARD);
    assert_eq!(series(metrics), before);
    let names = ["other.svc", "src-hello"];
    assert!(
        !before
            .iter()
            .any(|one| names.iter().any(|name| one.contains(name)))
    );
}
