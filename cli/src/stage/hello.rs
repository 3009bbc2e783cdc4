//! An app that says who it is: `eastwest stage-hello`.

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{self, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A failing accept (EMFILE, ENOBUFS) is not cured by trying again at once.
const AFTER_A_FAILED_ACCEPT: Duration = Duration::from_millis(100);

/// Who says hello, and where.
#[derive(Debug, clap::Args)]
pub struct HelloArgs {
    /// Address for HTTP
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Name that is said, such as the pod's
    #[arg(long)]
    name: String,
    /// Address of a second port, where the app speaks first, as MySQL does, and then echoes
    #[arg(long, value_name = "ADDRESS:PORT")]
    greet: Option<SocketAddr>,
}

/// The line with which `name` answers a caller at `peer`, on either port.
#[must_use]
pub fn line(name: &str, peer: SocketAddr) -> String {
    format!("hello from {name}, you are {peer}\n")
}

/// Serves until killed. Says `listening on ADDRESS` on standard output for each port.
pub(super) fn run(args: &HelloArgs) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let name: Arc<str> = args.name.as_str().into();
        if let Some(address) = args.greet {
            let listener = listen(address).await?;
            tokio::spawn(accept(listener, Arc::clone(&name), greet));
        }
        accept(listen(args.listen).await?, name, answer).await;
        Ok(ExitCode::SUCCESS)
    })
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let what = || format!("cannot listen on {address}");
    let listener = TcpListener::bind(address).await.with_context(what)?;
    let _ = writeln!(std::io::stdout(), "listening on {}", listener.local_addr()?);
    Ok(listener)
}

async fn accept<F: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    name: Arc<str>,
    serve: fn(TcpStream, SocketAddr, Arc<str>) -> F,
) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tokio::spawn(serve(stream, peer, Arc::clone(&name)));
            }
            Err(_) => tokio::time::sleep(AFTER_A_FAILED_ACCEPT).await,
        }
    }
}

async fn answer(stream: TcpStream, peer: SocketAddr, name: Arc<str>) {
    let service = service_fn(|request: Request<_>| {
        let (status, text) = match request.uri().path() {
            "/" => (StatusCode::OK, line(&name, peer)),
            _ => (StatusCode::NOT_FOUND, "only / is here\n".to_owned()),
        };
        async move {
            let response: Result<Response<String>, Infallible> = Ok(plain(status, text));
            response
        }
    });
    // A caller that goes away is no matter of this app's.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn plain(status: StatusCode, text: String) -> Response<String> {
    let mut response = Response::new(text);
    *response.status_mut() = status;
    let kind = hyper::header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

async fn greet(mut stream: TcpStream, peer: SocketAddr, name: Arc<str>) {
    let (mut reader, mut writer) = stream.split();
    if writer.write_all(line(&name, peer).as_bytes()).await.is_ok() {
        let _ = io::copy(&mut reader, &mut writer).await;
    }
    let _ = stream.shutdown().await;
}
