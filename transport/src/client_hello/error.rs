//! Why a ClientHello was not read.

use std::io;

use thiserror::Error;

use crate::reason::Reason;

/// Why bytes are not a ClientHello that can be routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HelloError {
    /// The first bytes do not start a TLS handshake record.
    #[error(
        "the client does not speak TLS: its first bytes do not start a TLS handshake; \
         it was pointed at this port without mTLS, or is no mesh client"
    )]
    NotTls,
    /// The message needs more than [`MAX_CLIENT_HELLO`](super::MAX_CLIENT_HELLO) bytes.
    #[error(
        "the TLS ClientHello needs more than 16384 bytes with its record headers, which no honest \
         client sends"
    )]
    TooLarge,
    /// TLS, but not a ClientHello as the standards have it; says which rule is broken.
    #[error("the client's first TLS message is malformed: {0}")]
    Malformed(&'static str),
}

/// Why [`read`](super::read) gave no ClientHello.
#[derive(Debug, Error)]
pub enum ReadHelloError {
    /// What came cannot be routed.
    #[error(transparent)]
    Hello(#[from] HelloError),
    /// The client closed its side first.
    #[error(
        "the client closed the connection after {read} bytes, before its TLS ClientHello was \
         whole{}", probe_hint(*.read)
    )]
    Closed {
        /// Bytes received until then; 0 is what TCP health checks and port scans look like.
        read: usize,
    },
    /// Reading from the client failed.
    #[error("reading the TLS ClientHello failed: {0}")]
    Io(#[from] io::Error),
}

impl ReadHelloError {
    /// The reason code of a connection that ended so.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Hello(HelloError::NotTls) => Reason::NotTls,
            Self::Hello(HelloError::TooLarge) => Reason::HelloTooLarge,
            Self::Hello(HelloError::Malformed(_)) => Reason::HelloMalformed,
            Self::Closed { .. } => Reason::HelloClosed,
            Self::Io(_) => Reason::DownstreamReset,
        }
    }
}

fn probe_hint(read: usize) -> &'static str {
    if read == 0 {
        " (a TCP health check or a port scan looks like this)"
    } else {
        ""
    }
}
