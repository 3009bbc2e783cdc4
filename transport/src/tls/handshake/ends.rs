//! The two ends of a handshake, as rustls has them.

use std::io;

use rustls::HandshakeKind;
use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::UnbufferedStatus;

use super::super::record::{RecordError, Session};
use super::invalid;

/// What both ends of rustls have, and no trait of its own says.
pub(super) trait Handshaking {
    type Data;

    fn process<'c, 'i>(&'c mut self, bytes: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data>;

    fn into_session(self) -> Result<Session, Failed>;

    /// What kind of handshake it is, as far as that is known.
    fn kind(&self) -> Option<HandshakeKind>;

    /// The protocol that was chosen.
    fn alpn(&self) -> Option<&[u8]>;
}

impl Handshaking for UnbufferedClientConnection {
    type Data = ClientConnectionData;

    fn process<'c, 'i>(&'c mut self, bytes: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(bytes)
    }

    fn into_session(self) -> Result<Session, Failed> {
        Ok(Session::client(self.dangerous_into_kernel_connection()?)?)
    }

    fn kind(&self) -> Option<HandshakeKind> {
        self.handshake_kind()
    }

    fn alpn(&self) -> Option<&[u8]> {
        self.alpn_protocol()
    }
}

impl Handshaking for UnbufferedServerConnection {
    type Data = ServerConnectionData;

    fn process<'c, 'i>(&'c mut self, bytes: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(bytes)
    }

    fn into_session(self) -> Result<Session, Failed> {
        Ok(Session::server(self.dangerous_into_kernel_connection()?)?)
    }

    fn kind(&self) -> Option<HandshakeKind> {
        self.handshake_kind()
    }

    fn alpn(&self) -> Option<&[u8]> {
        self.alpn_protocol()
    }
}

/// Why no session came of a handshake that rustls thinks is over.
pub(super) enum Failed {
    Tls(rustls::Error),
    Record(RecordError),
}

impl From<rustls::Error> for Failed {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error)
    }
}

impl From<RecordError> for Failed {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

impl From<Failed> for io::Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Tls(error) => invalid(error),
            Failed::Record(error) => error.into(),
        }
    }
}
