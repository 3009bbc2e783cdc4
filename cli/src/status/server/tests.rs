use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use serde_json::Value;

use super::*;

/// What is said of somebody who answers so.
fn said_of(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = listener.local_addr().unwrap();
    let answering = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut question = [0; 1024];
        let _ = stream.read(&mut question).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let asked = AdminArgs { admin }.get::<Value>("/status.json", "");
    answering.join().unwrap();
    match asked {
        Ok(value) => value.to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn who_answers_is_told_apart() {
    for (answer, said) in [
        ("HTTP/1.1 200 OK\r\n\r\n{\"schema\":1}", "{\"schema\":1}"),
        (
            "HTTP/1.1 404 Not Found\r\n\r\nthere is no /status.json here; there is:\n  /healthz/ready\n",
            "probes are answered",
        ),
        (
            "HTTP/1.1 404 Not Found\r\n\r\nthere is no /status.json here; there is:\n  /metrics\n",
            "Prometheus is answered",
        ),
        (
            "HTTP/1.1 404 Not Found\r\n\r\nthere is no /status.json here; there is:\n  /config_dump\n",
            "has no /status.json",
        ),
        (
            "HTTP/1.1 500 No\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nbroken\x1b[2J",
            "answers with 500: broken\\u{1b}[2J",
        ),
    ] {
        let of = said_of(answer);
        assert!(of.contains(said), "{answer:?}: {of}");
    }
}

#[test]
fn of_a_foreign_server_it_is_said_what_is_there_and_what_to_try() {
    for (answer, said) in [
        (
            "HTTP/1.1 404 Not Found\r\n\r\nnginx",
            "/status.json answered 404, and is no admin port of a server of eastwest; it may be the app",
        ),
        (
            "HTTP/1.1 403 Forbidden\r\nServer: nginx/1.2\x1b[2J\r\n\r\n<html>",
            "/status.json answered 403 (Server: nginx/1.2\\u{1b}[2J), and is no admin port",
        ),
        (
            "HTTP/1.1 200 OK\r\n\r\n<html>",
            "/status.json answered 200 with something else than is asked for, and is no admin port",
        ),
        (
            "HTTP/1.1 404 Not Found\r\nserver: envoy\r\n\r\ninvalid path",
            "that is Envoy, whose own admin port is 15000 in a pod with Istio's sidecar",
        ),
        (
            "\x15\x03\x01\x00\x02\x02\x28",
            " speaks TLS, and is no admin port",
        ),
        (
            "SSH-2.0-OpenSSH_9.2\r\n",
            " speaks no HTTP, and is no admin port",
        ),
        ("", " says nothing to HTTP, and is no admin port"),
    ] {
        let of = said_of(answer);
        assert!(of.contains(said), "{answer:?}: {of}");
    }
}

#[test]
fn where_nothing_listens_it_says_what_to_do() {
    // Nobody else can have an address that is bound, and nobody listens there.
    let bound = tokio::net::TcpSocket::new_v4().unwrap();
    bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let admin = bound.local_addr().unwrap();
    let error = AdminArgs { admin }.post("/drain").unwrap_err();
    assert!(error.to_string().contains("--admin gives"), "{error}");
}

#[test]
fn a_server_that_is_stopped_is_told_from_one_that_hangs_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = listener.local_addr().unwrap();
    // Nobody accepts, but the kernel does.
    let asked = AdminArgs { admin }.get::<Value>("/status.json", "");
    let said = asked.unwrap_err().to_string();
    assert!(
        said.contains("does not answer within 5 s; is it stopped"),
        "{said}"
    );
    assert!(!said.contains("os error"), "{said}");
    let hanging_up = thread::spawn(move || {
        // The one that has gone is still in the queue.
        let (_gone, _) = listener.accept().unwrap();
        let (stream, _) = listener.accept().unwrap();
        rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    });
    let asked = AdminArgs { admin }.get::<Value>("/status.json", "");
    hanging_up.join().unwrap();
    let said = asked.unwrap_err().to_string();
    assert!(said.contains("has ended the connection"), "{said}");
}
