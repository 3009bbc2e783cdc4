//! How much a row holds.

use crate::tls::record::{CONTROL, MOST_PLAINTEXT, MOST_RECORD};

/// Pieces of a large row: 256 KiB, beyond which a read costs no less.
pub(super) const PIECES: usize = 16;
/// How much a connection reads at once: little until a read comes back full, so that one of small
/// messages never holds much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::relay) enum Size {
    /// One piece, or one record of TLS.
    #[default]
    Small,
    /// Sixteen pieces.
    Large,
}

impl Size {
    pub(super) const fn pieces(self) -> usize {
        match self {
            Self::Small => 1,
            Self::Large => PIECES,
        }
    }

    /// Room for the pieces with the largest frame around each, and a record in front of them; or for
    /// a whole record, however large, and the beginning of the next.
    pub(in crate::relay) const fn room(self) -> usize {
        CONTROL
            + match self {
                Self::Small => MOST_RECORD,
                Self::Large => PIECES * (MOST_PLAINTEXT + 64),
            }
    }
}
