//! A small HTTP/1.1 server for probes, metrics and admin calls.
//!
//! One request per connection, answered by a function that doesn't wait. Bounded in every way: the
//! time to send the head of a request, the time of the whole connection, and the connections at a
//! time, in all and of one client ([`Shares`]).

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::shares::{Bounds, Shares};

pub(crate) mod accept;

/// From accept to the end of the request's head.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// From accept to the last byte of the answer.
const CONNECTION_TIME: Duration = Duration::from_secs(30);
/// Bytes of a request's head; hyper's smallest.
const MAX_HEAD: usize = 8192;
/// Pause after a failed accept: file descriptors may have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Whoever asks for himself has one connection or two, and so has everybody behind a proxy for whom it asks.
const BOUNDS: Bounds = Bounds {
    in_all: 64,
    of_one: 16,
};

/// An answer, whole.
pub(crate) type Reply = Response<Full<Bytes>>;
/// Answers one request; the address is the client's.
pub(crate) type Handler = Arc<dyn Fn(&Parts, SocketAddr) -> Reply + Send + Sync>;

/// Serves `listener` on the current runtime from `begin` on, until that ends or `end` comes. Returns
/// the bound address.
pub(crate) fn serve(
    listener: std::net::TcpListener,
    handler: Handler,
    begin: impl Future<Output = ()> + Send + 'static,
    (end, answers): (CancellationToken, TaskTracker),
) -> io::Result<SocketAddr> {
    let listener = TcpListener::from_std(listener)?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let serving = async {
            begin.await;
            accept(listener, handler, answers).await;
        };
        end.run_until_cancelled(serving).await;
    });
    Ok(address)
}

async fn accept(listener: TcpListener, handler: Handler, answers: TaskTracker) {
    let shares = Shares::new(BOUNDS);
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "cannot accept an HTTP connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let answer = answer(stream, peer, Arc::clone(&handler));
        shares.admit(peer.ip(), |_| answers.spawn(answer)).await;
    }
}

async fn answer(stream: TcpStream, peer: SocketAddr, handler: Handler) {
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        let (head, _) = request.into_parts();
        let reply = handler(&head, peer);
        async move { Ok::<_, Infallible>(reply) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .keep_alive(false)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    match tokio::time::timeout(CONNECTION_TIME, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%peer, %error, "HTTP connection failed"),
        Err(_) => tracing::debug!(%peer, "HTTP connection took too long"),
    }
}

/// A plain text answer; a line break is added.
pub(crate) fn text(status: StatusCode, body: &str) -> Reply {
    reply(status, "text/plain; charset=utf-8", format!("{body}\n"))
}

/// A JSON answer, indented: it is read with curl as often as by a program.
pub(crate) fn json(value: &impl serde::Serialize) -> Reply {
    json_reply(serde_json::to_string_pretty(value))
}

/// A JSON answer that only programs read, and often: a third of the size.
pub(crate) fn compact_json(value: &impl serde::Serialize) -> Reply {
    json_reply(serde_json::to_string(value))
}

fn json_reply(written: serde_json::Result<String>) -> Reply {
    match written {
        Ok(body) => reply(StatusCode::OK, "application/json", body + "\n"),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// The answer to a path that doesn't exist: those that do.
pub(crate) fn not_found<'a>(path: &str, paths: impl IntoIterator<Item = &'a str>) -> Reply {
    let mut body = format!("there is no {path} here; there is:");
    for known in paths {
        body.push_str("\n  ");
        body.push_str(known);
    }
    text(StatusCode::NOT_FOUND, &body)
}

pub(crate) fn reply(status: StatusCode, kind: &'static str, body: String) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(body)));
    *reply.status_mut() = status;
    reply
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply
}

#[cfg(test)]
mod tests;
