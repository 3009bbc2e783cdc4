//! Listening sockets, and an accept that survives what can be survived.

mod beat;

use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::socket::{self, SocketOptions};
use beat::Beat;

/// Pending connections that the kernel keeps for us; it caps the value at `net.core.somaxconn`.
const BACKLOG: i32 = 4096;
/// First and longest pause after a failed accept (as Go's net/http does it).
const BACKOFF: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {}", explain(.source))]
pub struct BindError {
    /// The address that was asked for.
    pub address: SocketAddr,
    /// What the kernel said.
    pub source: io::Error,
}

impl BindError {
    /// Whether another socket has the port.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.source.kind() == io::ErrorKind::AddrInUse
    }
}

fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "the port is in use: another process listens on it, or on all addresses with it".into()
        }
        io::ErrorKind::AddrNotAvailable => {
            "the address is not one of this host (or, in a pod, of its network namespace)".into()
        }
        io::ErrorKind::PermissionDenied => {
            "not allowed: ports under 1024 need CAP_NET_BIND_SERVICE".into()
        }
        _ => error.to_string(),
    }
}

/// A TCP listener whose connections come tuned.
#[derive(Debug)]
pub struct Listener {
    inner: TcpListener,
    beat: Beat,
    /// Why nothing can be accepted just now.
    starving: watch::Sender<Option<String>>,
}

impl Listener {
    /// Binds and listens. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the address is in use, not ours, or not allowed.
    pub fn bind(address: SocketAddr, options: SocketOptions) -> Result<Self, BindError> {
        let inner = listen(address).map_err(|source| BindError { address, source })?;
        Ok(Self::tuned(inner, options))
    }

    fn tuned(inner: TcpListener, options: SocketOptions) -> Self {
        options.apply((&inner).into());
        Self {
            inner,
            beat: Beat::default(),
            starving: watch::Sender::new(None),
        }
    }

    /// A socket that listens already, for protocols whose client speaks first. Must be called within a
    /// tokio runtime.
    ///
    /// # Errors
    /// When it is no listening socket.
    pub fn of_first_bytes(
        socket: std::net::TcpListener,
        options: SocketOptions,
    ) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let listener = Self::tuned(TcpListener::from_std(socket)?, options);
        socket::accept_with_first_bytes(&listener.inner);
        Ok(listener)
    }

    /// The same, for protocols whose client speaks first: connections come with their first bytes, or
    /// after a second of silence.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub fn bind_for_first_bytes(
        address: SocketAddr,
        options: SocketOptions,
    ) -> Result<Self, BindError> {
        let listener = Self::bind(address, options)?;
        socket::accept_with_first_bytes(&listener.inner);
        Ok(listener)
    }

    /// The address that was bound, with the port that the kernel chose where 0 was asked for.
    ///
    /// # Errors
    /// Only when the kernel has lost the socket.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    /// Why no connection can be accepted: descriptors or memory have run out. `None` while they can be.
    #[must_use]
    pub fn starving(&self) -> watch::Receiver<Option<String>> {
        self.starving.subscribe()
    }

    /// Has that said by `starving` as well as of others, for listeners that come and go: what one lacks all of
    /// a process lack, and what one gets again all have.
    #[must_use]
    pub fn starving_like(mut self, starving: &watch::Sender<Option<String>>) -> Self {
        self.starving = starving.clone();
        self
    }

    /// The next connection. Errors of one connection are skipped; where descriptors or memory have
    /// run out, it waits a little longer each time instead of spinning.
    pub async fn accept(&self) -> (TcpStream, SocketAddr) {
        // Whoever waited here before may have been dropped before he had said that it is over.
        let mut pause = self.starving.borrow().is_some().then_some(BACKOFF.0);
        loop {
            let accepted = match pause {
                None => self.inner.accept().await,
                // Descriptors are asked for before the queue is looked at, so that nobody has to be
                // waiting for this to fail: that nothing comes of it means that they are there again.
                Some(pause) => match timeout(pause, self.inner.accept()).await {
                    Ok(accepted) => accepted,
                    Err(_) => Err(io::ErrorKind::WouldBlock.into()),
                },
            };
            match accepted {
                Ok((stream, peer)) => {
                    if pause.is_some() {
                        self.starving.send_replace(None);
                    }
                    self.beat.accepted();
                    return (stream, unmapped(peer));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.starving.send_replace(None);
                    pause = None;
                }
                Err(error) if belongs_to_one_connection(&error) => {}
                Err(error) => {
                    let wait = pause.map_or(BACKOFF.0, |wait| BACKOFF.1.min(wait * 2));
                    tracing::warn!(%error, retry_in_ms = wait.as_millis(), "cannot accept connections");
                    self.starving.send_replace(Some(error.to_string()));
                    sleep(wait).await;
                    pause = Some(wait);
                }
            }
        }
    }
}

impl Drop for Listener {
    /// Whoever accepts nothing any more lacks nothing. Another one that does says so again.
    fn drop(&mut self) {
        self.starving.send_if_modified(|why| why.take().is_some());
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM.nonblocking().cloexec(),
        Some(Protocol::TCP),
    )?;
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        socket.set_only_v6(false)?;
    }
    // A restarted server must not wait for the TIME_WAIT of its predecessor.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// An IPv4 peer of a dual-stack listener, shown as IPv4.
fn unmapped(peer: SocketAddr) -> SocketAddr {
    SocketAddr::new(peer.ip().to_canonical(), peer.port())
}

/// accept(2): the network's errors of the pending connection are handed to the caller; they say
/// nothing about the listener.
fn belongs_to_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::TimedOut
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_explained() {
        let local = "127.0.0.1:0".parse().unwrap();
        let first = Listener::bind(local, SocketOptions::standard()).unwrap();
        let taken = first.local_addr().unwrap();
        let error = Listener::bind(taken, SocketOptions::standard()).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(&taken.to_string()) && text.contains("in use"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn what_is_accepted_has_the_options() {
        let options = SocketOptions::standard();
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), options).unwrap();
        let address = listener.local_addr().unwrap();
        let _client = TcpStream::connect(address).await.unwrap();
        let (stream, _) = listener.accept().await;
        let socket = socket2::SockRef::from(&stream);
        let keepalive = options.keepalive.unwrap();
        assert!(socket.tcp_nodelay().unwrap() && socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), keepalive.idle);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), keepalive.interval);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), keepalive.probes);
    }

    #[tokio::test]
    async fn a_client_that_is_to_speak_first_comes_with_what_it_says_or_late() {
        let local = "127.0.0.1:0".parse().unwrap();
        let listener = Listener::bind_for_first_bytes(local, SocketOptions::standard()).unwrap();
        let address = listener.local_addr().unwrap();
        let silent = TcpStream::connect(address).await.unwrap();
        let speaking = TcpStream::connect(address).await.unwrap();
        speaking.try_write(b"hello").unwrap();
        let (stream, peer) = listener.accept().await;
        assert_eq!(peer, speaking.local_addr().unwrap());
        assert_eq!(stream.try_read(&mut [0; 9]).unwrap(), 5);
        let (_, peer) = listener.accept().await;
        assert_eq!(peer, silent.local_addr().unwrap());
    }

    #[tokio::test]
    async fn a_peer_on_a_dual_stack_listener_is_shown_as_ipv4() {
        let listener =
            Listener::bind("[::]:0".parse().unwrap(), SocketOptions::standard()).unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let (_stream, peer) = listener.accept().await;
        assert_eq!(peer, client.local_addr().unwrap());
    }
}
