//! Probes, metrics and admin calls over real sockets, without a process around them.

// Clippy's allowance for tests covers test functions, not what they call.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use clap::Parser;
use eastwest_daemon::{Context, DaemonArgs, DrainPolicy, Endpoints};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Handle, Runtime};

mod admin;
#[path = "../client/mod.rs"]
mod client;
use client::{ask, get};

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    daemon: DaemonArgs,
}

const ANY_PORT: [&str; 4] = [
    "test",
    "--ready-address=127.0.0.1:0",
    "--metrics-address=127.0.0.1:0",
    "--admin-address=127.0.0.1:0",
];

/// The endpoints of a process that isn't one, on ports of the kernel's choice.
struct Served {
    context: Context,
    ready: SocketAddr,
    metrics: SocketAddr,
    admin: SocketAddr,
    runtime: Runtime,
}

fn serve() -> Served {
    let runtime = Runtime::new().unwrap();
    let context = Context::new();
    let args = Args::parse_from(ANY_PORT).daemon;
    let serving = Endpoints::serve(&args, &context, None, runtime.handle());
    let endpoints = runtime.block_on(serving).unwrap();
    Served {
        context,
        ready: endpoints.ready.unwrap(),
        metrics: endpoints.metrics.unwrap(),
        admin: endpoints.admin.unwrap(),
        runtime,
    }
}

#[test]
fn openmetrics_is_for_who_asks_for_it() {
    let served = serve();
    let accept = "Accept: application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1\r\n";
    let (status, body) = ask(served.metrics, "GET", "/metrics", accept);
    assert_eq!(status, 200);
    assert!(
        body.ends_with("\n# EOF\n") && !body.contains("\n\n"),
        "{body}"
    );
    assert!(
        body.contains("# TYPE eastwest_log_lines_dropped counter\n"),
        "{body}"
    );
    assert!(
        body.contains("\neastwest_log_lines_dropped_total 0\n"),
        "{body}"
    );
    let (_, plain) = get(served.metrics, "/metrics");
    assert!(!plain.contains("# EOF"), "{plain}");
    assert!(
        plain.contains("# TYPE eastwest_log_lines_dropped_total counter\n"),
        "{plain}"
    );
}

#[test]
fn not_ready_says_why_until_nothing_stands_in_the_way() {
    let served = serve();
    let certificate = served.context.readiness.blocker("certificate");
    certificate.set("cert-chain.pem expired on 2026-11-01");
    let (status, body) = get(served.ready, "/healthz/ready");
    assert_eq!(status, 503);
    assert_eq!(
        body,
        "not ready\ncertificate: cert-chain.pem expired on 2026-11-01\n"
    );
    assert_eq!(get(served.ready, "/startup").0, 503);

    certificate.clear();
    assert_eq!(
        get(served.ready, "/healthz/ready"),
        (200, "ready\n".to_owned())
    );
    assert_eq!(get(served.ready, "/startup").0, 200);

    certificate.set("gone");
    assert_eq!(get(served.ready, "/healthz/ready").0, 503);
    assert_eq!(get(served.ready, "/startup").0, 200);
}

#[test]
fn alive_while_not_ready() {
    let served = serve();
    let _blocker = served.context.readiness.blocker("certificate");
    assert_eq!(get(served.ready, "/livez"), (200, "alive\n".to_owned()));
}

#[test]
fn a_drain_turns_unready_at_once_and_probes_are_answered_through_it() {
    let served = serve();
    let hour = Duration::from_secs(3600);
    let (context, policy) = (
        served.context.clone(),
        DrainPolicy {
            lame_duck: hour,
            grace: hour,
        },
    );
    served
        .runtime
        .spawn(async move { context.drain(&policy).await });
    while !served.context.shutdown.is_draining() {
        std::thread::yield_now();
    }
    let (status, body) = get(served.ready, "/healthz/ready");
    assert_eq!((status, body.contains("draining")), (503, true));
    assert_eq!(get(served.ready, "/livez").0, 200);
}

#[test]
fn an_unknown_path_lists_those_there_are() {
    let served = serve();
    for (address, known) in [
        (served.ready, "/livez"),
        (served.metrics, "/metrics"),
        (served.admin, "/connections"),
    ] {
        let (status, body) = get(address, "/nope");
        assert_eq!(status, 404);
        assert!(
            body.starts_with("there is no /nope here") && body.contains(known),
            "{body}"
        );
    }
}

#[test]
fn silent_clients_cannot_keep_a_probe_out() {
    let served = serve();
    let silent = |_| {
        let mut stream = TcpStream::connect(served.ready).unwrap();
        stream.write_all(b"GET /healthz/re").unwrap();
        stream
    };
    let _silent: Vec<_> = (0..300).map(silent).collect();
    assert_eq!(get(served.ready, "/healthz/ready").0, 200);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_finish_its_request_is_dropped() {
    let args = Args::parse_from(ANY_PORT).daemon;
    let served = Endpoints::serve(&args, &Context::new(), None, &Handle::current())
        .await
        .unwrap();
    let mut stream = tokio::net::TcpStream::connect(served.admin.unwrap())
        .await
        .unwrap();
    stream
        .write_all(b"POST /quitquitquit HTTP/1.1\r\n")
        .await
        .unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(60), stream.read(&mut [0; 512])).await;
    assert!(closed.is_ok(), "still open after a minute");
}

#[test]
fn an_endless_request_head_is_refused() {
    let served = serve();
    let headers = format!("X: {}\r\n", "x".repeat(100_000));
    let mut stream = TcpStream::connect(served.admin).unwrap();
    let _ = write!(stream, "GET / HTTP/1.1\r\n{headers}\r\n");
    let mut answer = [0; 32];
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    // It may also reset the connection before the answer can be read.
    if let Ok(read) = std::io::Read::read(&mut stream, &mut answer) {
        let line = String::from_utf8_lossy(&answer[..read]).into_owned();
        assert!(
            line.is_empty() || line.starts_with("HTTP/1.1 431"),
            "{line}"
        );
    }
}

#[test]
fn an_endpoint_can_be_off() {
    let runtime = Runtime::new().unwrap();
    let off = [
        "test",
        "--ready-address=off",
        "--metrics-address=off",
        "--admin-address=off",
    ];
    let args = Args::parse_from(off).daemon;
    let context = Context::new();
    let serving = Endpoints::serve(&args, &context, None, runtime.handle());
    assert_eq!(
        runtime.block_on(serving).unwrap(),
        Endpoints {
            ready: None,
            metrics: None,
            admin: None
        }
    );
}
