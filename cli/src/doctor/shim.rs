//! The shim of this pod.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use eastwest_daemon::EndpointAddress;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::app::begins;
use super::fault::Fault;
use super::look::{Broken, Look};

/// Time for an answer of the shim's. It is in this pod, and may wait for its share of a processor: for tenths of a
/// second at a time, with a limit beside a server that has much to do.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
/// More than a status of a thousand routes has.
const LONGEST: u64 = 16 * 1024 * 1024;
/// The blocker by which a shim says that its certificate is of no use (`sidecar-shim/src/identity.rs`).
const CERTIFICATE: &str = "certificate";

/// The shim, which is asked once however many aliases it has.
#[derive(Debug)]
pub(super) struct Shim {
    ready: EndpointAddress,
    patience: Duration,
    looked: OnceCell<Result<Look, Broken>>,
}

impl Shim {
    pub(super) fn at(ready: EndpointAddress) -> Self {
        Self {
            ready,
            patience: PATIENCE,
            looked: OnceCell::new(),
        }
    }

    /// Whether it is ready.
    pub(super) async fn look(&self) -> Result<Look, Broken> {
        let looking = || look(self.ready, self.patience);
        self.looked.get_or_init(looking).await.clone()
    }
}

/// Asks the shim whether it is ready, and waits that long for its answer.
pub(super) async fn look(ready: EndpointAddress, patience: Duration) -> Result<Look, Broken> {
    let Some(ready) = ready.get() else {
        return Ok(Look::skipped("its --ready-address is off"));
    };
    if ready.port() == 0 {
        return Ok(Look::skipped(
            "its --ready-address is any free port, and nobody tells which one that is",
        ));
    }
    let answer = match timeout(patience, get(ready, "/healthz/ready")).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            let seen = format!("{ready}: {error}");
            return Err(Broken::new(Fault::ShimNotRunning, seen));
        }
        Err(_) => {
            let seen = format!("{ready} takes connections and does not answer in {patience:?}");
            return Err(Broken::new(Fault::ShimHangs, seen));
        }
    };
    judge(ready, &answer)
}

/// No other status than these two comes from a shim.
fn judge(ready: SocketAddr, answer: &str) -> Result<Look, Broken> {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let said = body.trim();
    let status = head.strip_prefix("HTTP/1.1 ");
    let fault = match status.and_then(|status| status.get(..3)) {
        Some("200") => return Ok(Look::fine(format!("ready at {ready}"))),
        Some("503") if said.contains(CERTIFICATE) => Fault::ShimCertificate,
        Some("503") => Fault::ShimNotReady,
        _ if answer.is_empty() => {
            let seen = format!("{ready} takes connections and closes them without a word");
            return Err(Broken::new(Fault::ShimNotRunning, seen));
        }
        _ => {
            let seen = format!(
                "somebody else answers at {ready}: {}",
                begins(answer.as_bytes())
            );
            return Err(Broken::new(Fault::ShimNotRunning, seen));
        }
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
    stream.take(LONGEST).read_to_string(&mut answer).await?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Longer than an answer takes on a busy machine.
    const LONG: Duration = Duration::from_secs(20);

    /// Somebody who answers this, once, and hangs up.
    async fn answers(bytes: &'static str) -> EndpointAddress {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            // All of it: a close with something unread is a reset.
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                assert!(tcp.read_buf(&mut asked).await.unwrap() > 0);
            }
            tcp.write_all(bytes.as_bytes()).await.unwrap();
        });
        EndpointAddress::At(address)
    }

    /// What is made of one at the readiness address.
    async fn answering(bytes: &'static str) -> Result<Look, Broken> {
        look(answers(bytes).await, LONG).await
    }

    #[tokio::test]
    async fn a_shim_is_asked_once_for_all_aliases() {
        let shim = Shim {
            patience: LONG,
            ..Shim::at(answers("HTTP/1.1 200 OK\r\n\r\nready").await)
        };
        let (one, other) = tokio::join!(shim.look(), shim.look());
        assert!(one.is_ok());
        assert_eq!([&other, &shim.look().await], [&one, &one]);
    }

    #[tokio::test]
    async fn a_shim_is_known_by_its_two_statuses() {
        assert!(answering("HTTP/1.1 200 OK\r\n\r\nready").await.is_ok());
        for (answer, fault) in [
            ("not ready\ndraining", Fault::ShimNotReady),
            ("not ready\ncertificate: expired", Fault::ShimCertificate),
        ] {
            let whole = format!("HTTP/1.1 503 Service Unavailable\r\n\r\n{answer}");
            let broken = answering(whole.leak()).await.unwrap_err();
            assert_eq!(broken, Broken::new(fault, answer));
        }
    }

    #[tokio::test]
    async fn somebody_else_at_the_readiness_address_is_no_shim_that_runs() {
        let said = [
            "",
            "SSH-2.0-OpenSSH_9.2\r\n",
            "HTTP/1.1 404 Not Found\r\n\r\n",
        ];
        for answer in said {
            let broken = answering(answer).await.unwrap_err();
            assert_eq!(broken.fault, Fault::ShimNotRunning, "{answer}");
        }
    }

    #[tokio::test]
    async fn who_takes_connections_and_does_not_answer_in_time_hangs() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = silent.local_addr().unwrap();
        let soon = Duration::from_millis(50);
        let broken = look(EndpointAddress::At(address), soon).await.unwrap_err();
        assert_eq!(broken.fault, Fault::ShimHangs);
        let seen = format!("{address} takes connections and does not answer in 50ms");
        assert_eq!(broken.seen, seen);
    }

    #[tokio::test]
    async fn a_port_that_nobody_tells_is_not_dialled() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let looked = look(EndpointAddress::At(any), LONG).await;
        assert!(matches!(looked, Ok(Look::Skipped(_))), "{looked:?}");
    }
}
