//! Reading the first message of a TLS connection, the ClientHello, without terminating TLS.
//!
//! A gateway routes by the server name and the ALPN names a client offers, then passes every byte
//! on. So this reads those two from any split of the message over TCP segments and TLS records,
//! keeps nothing else, and refuses what it cannot have read rightly. A post-quantum key share makes
//! a hello larger than one segment, so the split is the rule and not the exception.
//!
//! The reading agrees with `rustls::server::Acceptor`, which the tests hold it against, and differs
//! in this:
//! - stricter: at most [`MAX_CLIENT_HELLO`] bytes in all; in `server_name` exactly one `host_name`
//!   and no other name type (as BoringSSL); at most 32 extensions with a number above 63.
//! - earlier: a wrong first byte, a length that cannot fit, and a record that goes on after the
//!   hello are refused where they show, without waiting for the bytes they announce.
//! - laxer: the bodies of extensions not used here (key shares, signature algorithms, tickets) are
//!   for the server that ends the TLS connection to judge, and so is their order.

mod alpn;
mod body;
mod connection_id;
mod cursor;
mod error;
mod reader;
mod record;
mod seen;
mod server_name;

pub use connection_id::ConnectionId;
pub use error::{HelloError, ReadHelloError};
pub use reader::read;

use alpn::ProtocolNames;
use record::Framing;

/// The most bytes a ClientHello may take on the wire, its record headers included. Envoy has the
/// same limit.
pub const MAX_CLIENT_HELLO: usize = 16 * 1024;

/// What [`parse`] made of the bytes so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// So far so good, and the message is not whole.
    Incomplete {
        /// Bytes that must arrive before another look can tell more; at least 1, and never so many
        /// that they go beyond the message.
        at_least: usize,
    },
    /// The message was whole; bytes may follow it.
    Complete(ClientHello),
}

/// What a client said about where it wants to go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientHello {
    sni: Option<Box<str>>,
    alpn: ProtocolNames,
}

impl ClientHello {
    /// The server name asked for: a valid DNS name, lower-case, one trailing dot cut off. `None` if
    /// the client named none, or named an IP address, which RFC 6066 section 3 does not allow and
    /// nothing can be routed by.
    #[must_use]
    pub fn sni(&self) -> Option<&str> {
        self.sni.as_deref()
    }

    /// Whether the client offers this ALPN protocol, in any position; the case counts (RFC 7301
    /// section 6).
    #[must_use]
    pub fn offers_alpn(&self, protocol: &[u8]) -> bool {
        self.alpn().any(|offered| offered == protocol)
    }

    /// The ALPN protocols offered, in the client's order of preference.
    pub fn alpn(&self) -> impl Iterator<Item = &[u8]> {
        self.alpn.iter()
    }
}

/// Reads a ClientHello from the first bytes a client sent.
///
/// Call it again with more bytes after [`Parsed::Incomplete`], and not before `at_least` of them
/// came: every call starts at the first byte, and this wait is what keeps a byte-by-byte sender
/// from costing quadratic time.
///
/// # Errors
/// As soon as the bytes cannot become a ClientHello that [the module](self) accepts: at the first
/// byte if it is not TLS, at the length field if it is too large.
pub fn parse(bytes: &[u8]) -> Result<Parsed, HelloError> {
    match record::frame(bytes)? {
        Framing::Incomplete { at_least } => Ok(Parsed::Incomplete { at_least }),
        Framing::Complete(message) => body::read(message).map(Parsed::Complete),
    }
}

#[cfg(test)]
mod tests {
    use super::ClientHello;

    #[test]
    fn a_client_hello_is_two_boxed_slices() {
        assert_eq!(size_of::<ClientHello>(), 4 * size_of::<usize>());
    }
}
