//! Connecting to an upstream: all its addresses, under one deadline.

mod named;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::reason::Reason;
use crate::socket::SocketOptions;

pub use named::{NamedDialError, NamedDialer};

/// How long one address may be silent before the next is tried beside it (RFC 8305, section 8,
/// "Connection Attempt Delay").
const STAGGER: Duration = Duration::from_millis(250);

/// A connection, and which of the addresses it is to.
#[derive(Debug)]
pub struct Dialled {
    /// The connection, tuned.
    pub stream: TcpStream,
    /// The address that answered.
    pub address: SocketAddr,
}

/// Why no address of an upstream could be connected to.
#[derive(Debug, thiserror::Error)]
#[error("{}", list(.attempts))]
pub struct DialError {
    /// What is said of it in logs and metrics: the answer of the last address tried.
    pub reason: Reason,
    /// Each address with what came of it.
    pub attempts: Vec<(SocketAddr, io::Error)>,
}

fn list(attempts: &[(SocketAddr, io::Error)]) -> String {
    let each = attempts
        .iter()
        .map(|(address, error)| format!("{address}: {}", said(error)));
    each.collect::<Vec<_>>().join("; ")
}

fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".into(),
        io::ErrorKind::TimedOut => "no answer in time".into(),
        io::ErrorKind::HostUnreachable => "no route to host".into(),
        io::ErrorKind::NetworkUnreachable => "network unreachable".into(),
        _ => error.to_string(),
    }
}

impl DialError {
    fn new(attempts: Vec<(SocketAddr, io::Error)>) -> Self {
        let reason = match attempts.last().map(|(_, error)| error.kind()) {
            Some(io::ErrorKind::ConnectionRefused) => Reason::DialRefused,
            Some(io::ErrorKind::TimedOut) => Reason::DialTimeout,
            Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
                Reason::DialUnreachable
            }
            _ => Reason::DialFailed,
        };
        Self { reason, attempts }
    }
}

/// Connects to the first of `addresses` that answers. They are tried in order; one that has been
/// silent for 250 ms is joined by the next, one that fails is followed by it at once.
///
/// # Errors
/// When none has answered at `deadline`, or all have failed before.
pub async fn dial(
    addresses: &[IpAddr],
    port: u16,
    deadline: Instant,
    options: &SocketOptions,
) -> Result<Dialled, DialError> {
    let mut waiting = addresses.iter().map(|&ip| SocketAddr::new(ip, port));
    let dialled = match (waiting.next(), addresses.len()) {
        // One address needs no task of its own.
        (Some(address), 1) => match one(address, deadline).await {
            Ok(stream) => Dialled { stream, address },
            Err(error) => return Err(DialError::new(vec![(address, error)])),
        },
        (Some(first), _) => race(first, waiting, deadline).await?,
        (None, _) => return Err(DialError::new(Vec::new())),
    };
    options.apply((&dialled.stream).into());
    Ok(dialled)
}

async fn one(address: SocketAddr, deadline: Instant) -> io::Result<TcpStream> {
    match timeout_at(deadline, TcpStream::connect(address)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

async fn race(
    first: SocketAddr,
    mut waiting: impl Iterator<Item = SocketAddr>,
    deadline: Instant,
) -> Result<Dialled, DialError> {
    let mut racing = JoinSet::new();
    let mut failed = Vec::new();
    let mut next = Some(first);
    loop {
        if let Some(address) = next.take() {
            racing.spawn(async move { (address, one(address, deadline).await) });
        }
        tokio::select! {
            ended = racing.join_next() => match ended {
                Some(Ok((address, Ok(stream)))) => return Ok(Dialled { stream, address }),
                Some(Ok((address, Err(error)))) => failed.push((address, error)),
                Some(Err(_)) => {}
                None => return Err(DialError::new(failed)),
            },
            () = tokio::time::sleep(STAGGER) => {}
        }
        next = waiting.next();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[tokio::test]
    async fn an_address_that_refuses_is_followed_by_the_next() {
        let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let addresses = ["127.0.0.3".parse().unwrap(), "127.0.0.2".parse().unwrap()];
        let dialled = dial(&addresses, port, soon(), &SocketOptions::standard())
            .await
            .unwrap();
        assert_eq!(dialled.address, listener.local_addr().unwrap());
        assert!(dialled.stream.nodelay().unwrap());
    }

    #[tokio::test]
    async fn every_address_that_failed_is_named() {
        let free = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let addresses = ["127.0.0.1".parse().unwrap(), "127.0.0.2".parse().unwrap()];
        let error = dial(&addresses, free, soon(), &SocketOptions::default())
            .await
            .unwrap_err();
        assert_eq!(error.reason, Reason::DialRefused);
        let text = error.to_string();
        assert!(
            text.contains("127.0.0.1") && text.contains("127.0.0.2"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn the_deadline_bounds_all_attempts_together() {
        // A full backlog drops SYNs, so that the connection neither succeeds nor fails.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut held = Vec::new();
        for _ in 0..8 {
            let attempt =
                tokio::time::timeout(Duration::from_millis(50), TcpStream::connect(address));
            if let Ok(Ok(stream)) = attempt.await {
                held.push(stream);
            }
        }
        let deadline = Instant::now() + Duration::from_millis(300);
        let error = dial(
            &[address.ip()],
            address.port(),
            deadline,
            &SocketOptions::default(),
        )
        .await
        .unwrap_err();
        assert_eq!(error.reason, Reason::DialTimeout);
    }
}
