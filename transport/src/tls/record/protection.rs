//! One direction's key: how a record is sealed and opened.

use std::ops::Range;

use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
};
use rustls::{ConnectionTrafficSecrets, ProtocolVersion};

use super::{ContentType, Frame, HEADER, MOST_BODY, MOST_PLAINTEXT, RecordError};

/// All three ciphers have it (RFC 5116 section 5.1, RFC 8439 section 2.8).
const TAG: usize = 16;
/// TLS 1.2 sends a part of the nonce with each record (RFC 5288 section 3).
const EXPLICIT_NONCE: usize = 8;
/// TLS 1.3's inner content type may be followed by zeros, for which this much is allowed
/// (RFC 8446 section 5.2).
const MOST_BODY_TLS13: usize = MOST_PLAINTEXT + 256;

/// How records are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Tls12,
    Tls13,
}

impl Format {
    pub(super) fn of(version: ProtocolVersion) -> Option<Self> {
        match version {
            ProtocolVersion::TLSv1_2 => Some(Self::Tls12),
            ProtocolVersion::TLSv1_3 => Some(Self::Tls13),
            _ => None,
        }
    }

    pub(super) const fn frame(self) -> Frame {
        match self {
            Self::Tls12 => Frame {
                front: HEADER + EXPLICIT_NONCE,
                back: TAG,
            },
            Self::Tls13 => Frame {
                front: HEADER,
                back: 1 + TAG,
            },
        }
    }

    const fn most_body(self) -> usize {
        match self {
            Self::Tls12 => MOST_BODY,
            Self::Tls13 => MOST_BODY_TLS13,
        }
    }
}

/// The key of one direction, and how many records it has seen.
pub(super) struct Protection {
    key: LessSafeKey,
    iv: [u8; NONCE_LEN],
    format: Format,
    /// Goes up by one with each record and into its nonce: no two records have the same one.
    sequence: u64,
}

impl Protection {
    pub(super) fn new(
        format: Format,
        (sequence, secrets): (u64, ConnectionTrafficSecrets),
    ) -> Result<Self, RecordError> {
        let (cipher, key, iv) = match &secrets {
            ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (&AES_128_GCM, key, iv),
            ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (&AES_256_GCM, key, iv),
            ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (&CHACHA20_POLY1305, key, iv),
            _ => return Err(RecordError::NoKey),
        };
        let key = UnboundKey::new(cipher, key.as_ref()).map_err(|_| RecordError::NoKey)?;
        let iv = iv.as_ref().try_into().map_err(|_| RecordError::NoKey)?;
        Ok(Self {
            key: LessSafeKey::new(key),
            iv,
            format,
            sequence,
        })
    }

    /// Records sealed or opened so far.
    pub(super) const fn records(&self) -> u64 {
        self.sequence
    }

    /// RFC 8446 section 5.3; for TLS 1.2 it is the choice of RFC 5288 section 3 that cannot repeat.
    fn nonce(&self) -> [u8; NONCE_LEN] {
        let mut nonce = self.iv;
        let sequence = self.sequence.to_be_bytes();
        for (place, byte) in nonce.iter_mut().skip(NONCE_LEN - 8).zip(sequence) {
            *place ^= byte;
        }
        nonce
    }

    /// RFC 5246 section 6.2.3.3.
    fn tls12_aad(&self, kind: u8, length: usize) -> Aad<[u8; 13]> {
        let mut aad = [0; 13];
        let (sequence, rest) = aad.split_at_mut(8);
        sequence.copy_from_slice(&self.sequence.to_be_bytes());
        rest.copy_from_slice(&header(kind, length));
        Aad::from(aad)
    }

    /// Seals the record in `bytes`, of which the plaintext has the [`Frame`]'s room around it.
    pub(super) fn seal(&mut self, kind: ContentType, bytes: &mut [u8]) -> Result<(), RecordError> {
        let nonce = self.nonce();
        let (head, body) = bytes
            .split_at_mut_checked(self.format.frame().front)
            .ok_or(RecordError::NoKey)?;
        let (content, tag) = body
            .len()
            .checked_sub(TAG)
            .and_then(|end| body.split_at_mut_checked(end))
            .ok_or(RecordError::NoKey)?;
        let unique = Nonce::assume_unique_for_key(nonce);
        let sealed = match self.format {
            Format::Tls13 => {
                // The real type is sealed; what can be seen says that it is data.
                *content.last_mut().ok_or(RecordError::NoKey)? = kind.byte();
                let seen = header(ContentType::Data.byte(), content.len() + TAG);
                head.copy_from_slice(&seen);
                let aad = Aad::from(seen);
                self.key.seal_in_place_separate_tag(unique, aad, content)
            }
            Format::Tls12 => {
                let (seen, explicit) = head.split_at_mut(HEADER);
                let length = EXPLICIT_NONCE + content.len() + TAG;
                seen.copy_from_slice(&header(kind.byte(), length));
                explicit.copy_from_slice(nonce.split_at(NONCE_LEN - EXPLICIT_NONCE).1);
                let aad = self.tls12_aad(kind.byte(), content.len());
                self.key.seal_in_place_separate_tag(unique, aad, content)
            }
        };
        let made = sealed.map_err(|_| RecordError::NoKey)?;
        tag.copy_from_slice(made.as_ref());
        self.sequence += 1;
        Ok(())
    }

    /// How long the record is that `bytes` begin with; `None` while its header is not whole.
    pub(super) fn length(&self, bytes: &[u8]) -> Result<Option<usize>, RecordError> {
        let Some([_, major, _, high, low]) = bytes.first_chunk::<HEADER>() else {
            return Ok(None);
        };
        if *major != 3 {
            return Err(RecordError::Broken("what follows is no TLS record"));
        }
        let body = usize::from(u16::from_be_bytes([*high, *low]));
        if body > self.format.most_body() {
            return Err(RecordError::TooLarge);
        }
        Ok(Some(HEADER + body))
    }

    /// Opens one whole record where it lies; gives the place of its plaintext.
    pub(super) fn open(
        &mut self,
        record: &mut [u8],
    ) -> Result<(ContentType, Range<usize>), RecordError> {
        let (seen, body) = record
            .split_first_chunk_mut::<HEADER>()
            .ok_or(RecordError::NotAuthentic)?;
        let [kind, ..] = *seen;
        let (kind, start, length) = match self.format {
            Format::Tls13 => {
                if kind != ContentType::Data.byte() {
                    return Err(RecordError::Broken("a record in clear after the handshake"));
                }
                let nonce = Nonce::assume_unique_for_key(self.nonce());
                let opened = self.key.open_in_place(nonce, Aad::from(*seen), body);
                let content = opened.map_err(|_| RecordError::NotAuthentic)?;
                let last = content.iter().rposition(|byte| *byte != 0);
                let last = last.ok_or(RecordError::Broken("a record without a type"))?;
                let kind = content.get(last).copied().unwrap_or_default();
                (kind, HEADER, last)
            }
            Format::Tls12 => {
                let (explicit, sealed) = body
                    .split_first_chunk_mut::<EXPLICIT_NONCE>()
                    .ok_or(RecordError::NotAuthentic)?;
                let mut nonce = self.iv;
                for (place, byte) in nonce.iter_mut().skip(4).zip(*explicit) {
                    *place = byte;
                }
                let plain = sealed.len().checked_sub(TAG);
                let aad = self.tls12_aad(kind, plain.ok_or(RecordError::NotAuthentic)?);
                let nonce = Nonce::assume_unique_for_key(nonce);
                let opened = self.key.open_in_place(nonce, aad, sealed);
                let content = opened.map_err(|_| RecordError::NotAuthentic)?;
                (kind, HEADER + EXPLICIT_NONCE, content.len())
            }
        };
        self.sequence += 1;
        if length > MOST_PLAINTEXT {
            return Err(RecordError::TooLarge);
        }
        let kind = ContentType::of(kind).ok_or(RecordError::Broken("a record of no known type"))?;
        Ok((kind, start..start + length))
    }
}

/// What stands before a record: its type, TLS 1.2 whatever the version, its length.
fn header(kind: u8, length: usize) -> [u8; HEADER] {
    // Never cut: no record that is made or accepted has more than 2^15 bytes.
    let [high, low] = (length as u16).to_be_bytes();
    [kind, 3, 3, high, low]
}
