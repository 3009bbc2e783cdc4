//! A name for a connection that everybody on its way can work out.

use super::body;
use super::record::{Framing, HANDSHAKE_HEADER, frame};

/// The same in the shim that sends a ClientHello, the gateway that passes it on and the shim that
/// answers it: the 32 bytes that the client has drawn for it, folded to 64 bits.
///
/// The second hello after a HelloRetryRequest has the same 32 bytes (RFC 8446, section 4.1.2). They are
/// random where the client is honest; one that is not can give two connections one name, so that nothing
/// but a search in logs may go by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectionId(u64);

impl ConnectionId {
    /// That of the connection which begins with these bytes; `None` unless they are a whole ClientHello,
    /// and perhaps more.
    #[must_use]
    pub fn of(wire: &[u8]) -> Option<Self> {
        match frame(wire) {
            Ok(Framing::Complete(mut message)) => {
                message.skip(HANDSHAKE_HEADER + body::LEGACY_VERSION).ok()?;
                Some(Self::of_random(message.array().ok()?))
            }
            Ok(Framing::Incomplete { .. }) | Err(_) => None,
        }
    }

    fn of_random(random: [u8; body::RANDOM]) -> Self {
        let (words, _) = random.as_chunks::<8>();
        let words = words.iter().map(|word| u64::from_be_bytes(*word));
        Self(words.fold(0, |folded, word| folded ^ word))
    }

    /// As a number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}
