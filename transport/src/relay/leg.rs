//! One end of a relay: a TCP connection, in clear or under TLS.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::socket;

/// A byte stream over TCP that can be ended with a reset.
pub trait Leg: AsyncRead + AsyncWrite + Unpin {
    /// Makes the coming close a TCP reset, so that the peer sees an error and not an end.
    fn reset_on_close(&self);
}

impl Leg for TcpStream {
    fn reset_on_close(&self) {
        socket::reset_on_close(self);
    }
}
