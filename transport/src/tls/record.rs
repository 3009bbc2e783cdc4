//! TLS records after the handshake: bytes sealed and opened where they lie.
//!
//! rustls makes the handshake and then hands the keys over; from there on a record is written into
//! the buffer that goes to the socket, and opened in the buffer that came from it. rustls would copy
//! every byte twice in each direction, read 4 KiB at a time and allocate for each record.
//!
//! - `protection`: one direction's key: nonce, associated data, tag
//! - `session`: both directions of a connection: what a record means, key changes, the end
//! - `handshake_message`: what a peer may still say of the handshake
//! - `alone`: records that no relay carries

mod alone;
#[cfg(any(test, fuzzing))]
mod fuzzed;
mod handshake_message;
mod protection;
mod session;

pub(crate) use session::{CONTROL, Opened, Session};

use rustls::AlertDescription;

/// The most plaintext that a record carries (RFC 8446 section 5.1, RFC 5246 section 6.2.1).
pub(crate) const MOST_PLAINTEXT: usize = 16 * 1024;

/// Type, version and length in front of every record.
pub(crate) const HEADER: usize = 5;

/// The most that follows a header: the larger of TLS 1.3's 2^14 + 256 (RFC 8446 section 5.2) and
/// TLS 1.2's 2^14 + 2048 (RFC 5246 section 6.2.3).
const MOST_BODY: usize = MOST_PLAINTEXT + 2048;

/// The most bytes that one record takes on the wire.
pub(crate) const MOST_RECORD: usize = HEADER + MOST_BODY;

/// What a record carries (RFC 8446 section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ContentType {
    Alert,
    Handshake,
    Data,
}

impl ContentType {
    const fn byte(self) -> u8 {
        match self {
            Self::Alert => 21,
            Self::Handshake => 22,
            Self::Data => 23,
        }
    }

    const fn of(byte: u8) -> Option<Self> {
        match byte {
            21 => Some(Self::Alert),
            22 => Some(Self::Handshake),
            23 => Some(Self::Data),
            _ => None,
        }
    }
}

/// The room that a record needs around its plaintext.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Frame {
    /// Bytes in front: header, and TLS 1.2's explicit nonce.
    pub front: usize,
    /// Bytes behind: TLS 1.3's content type, and the tag.
    pub back: usize,
}

/// Why a peer's records, or our own, cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecordError {
    #[error("a TLS record of the peer does not authenticate: its bytes were changed on the way")]
    NotAuthentic,
    #[error("the peer sent a TLS record larger than the standard allows")]
    TooLarge,
    #[error("the peer broke the rules of TLS: {0}")]
    Broken(&'static str),
    #[error("the peer sent a fatal TLS alert")]
    Alert(AlertDescription),
    #[error(transparent)]
    UsedUp(#[from] RecordsUsedUp),
    #[error("the next TLS keys could not be made")]
    NoKey,
}

impl RecordError {
    /// What the peer is told (RFC 8446 section 6.2); nothing where it has said the last word itself.
    pub(crate) const fn alert(self) -> Option<AlertDescription> {
        match self {
            Self::NotAuthentic => Some(AlertDescription::BadRecordMac),
            Self::TooLarge => Some(AlertDescription::RecordOverflow),
            Self::Broken(_) => Some(AlertDescription::UnexpectedMessage),
            Self::UsedUp(_) | Self::NoKey => Some(AlertDescription::InternalError),
            Self::Alert(_) => None,
        }
    }
}

impl From<RecordError> for std::io::Error {
    fn from(error: RecordError) -> Self {
        match error {
            // As tokio-rustls has it, so that a refusal is known for one whoever opened the record.
            RecordError::Alert(alert) => {
                let alert = rustls::Error::AlertReceived(alert);
                Self::new(std::io::ErrorKind::InvalidData, alert)
            }
            RecordError::UsedUp(used_up) => Self::other(used_up),
            other => Self::new(std::io::ErrorKind::InvalidData, other),
        }
    }
}

/// Why a TLS 1.2 connection cannot go on.
///
/// TLS 1.2 has one key for each direction, good for about 2^24 records. TLS 1.3 changes its keys in
/// time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "TLS 1.2 has one key for a connection, and its {limit} records are used up; the connection is \
     reset, so that the app makes a new one (TLS 1.3 changes keys by itself: let the peer speak it)"
)]
pub struct RecordsUsedUp {
    /// How many records the key is good for.
    pub limit: u64,
}

#[cfg(test)]
mod tests;
