//! The shim of this pod.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use eastwest_daemon::EndpointAddress;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::fault::Fault;
use super::look::{Broken, Look};

/// It is in this pod.
const PATIENCE: Duration = Duration::from_secs(1);
/// The blocker by which a shim says that its certificate is of no use (`sidecar-shim/src/identity.rs`).
const CERTIFICATE: &str = "certificate";

/// Asks the shim whether it is ready.
pub(super) async fn look(ready: EndpointAddress) -> Result<Look, Broken> {
    let Some(ready) = ready.get() else {
        return Ok(Look::skipped("its --ready-address is off"));
    };
    let answer = match timeout(PATIENCE, get(ready, "/healthz/ready")).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            let seen = format!("{ready}: {error}");
            return Err(Broken::new(Fault::ShimNotRunning, seen));
        }
        Err(_) => {
            let seen = format!("{ready} takes connections and does not answer in {PATIENCE:?}");
            return Err(Broken::new(Fault::ShimHangs, seen));
        }
    };
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let said = body.trim();
    if head.starts_with("HTTP/1.1 200") {
        return Ok(Look::fine(format!("ready at {ready}")));
    }
    let fault = match said.contains(CERTIFICATE) {
        true => Fault::ShimCertificate,
        false => Fault::ShimNotReady,
    };
    Err(Broken::new(fault, said))
}

/// What an answer holds, where it is one.
pub(super) fn body(answer: &str) -> Option<&str> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.starts_with("HTTP/1.1 200").then_some(body)
}

/// The whole answer, its head included.
pub(super) async fn get(address: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let question = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
