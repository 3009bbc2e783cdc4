//! Walking over a message that lies in pieces in its records, without joining them first.

use super::HelloError;
use super::record::{RECORD_HEADER, payload_length};

/// The part ends before what was to be read from it. It has no size, so that the reading of two
/// bytes is returned in a register.
#[derive(Debug)]
pub(super) struct RunsOver;

impl From<RunsOver> for HelloError {
    fn from(_: RunsOver) -> Self {
        Self::Malformed("a length runs past the end of what holds it")
    }
}

/// A place in a handshake message, and where the part of it to be read ends.
///
/// A copy is a bookmark, so a vector is read by taking a copy that ends with it and skipping it in
/// the original.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    /// What is unread of the present record's payload.
    record: &'a [u8],
    /// The records after it, from their header on.
    wire: &'a [u8],
    /// Bytes to the end of the part, over all records.
    left: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor over the first `length` payload bytes of the records in `wire`.
    ///
    /// # Errors
    /// If a record is not whole or empty; `frame` has made sure that none is.
    pub(super) fn new(wire: &'a [u8], length: usize) -> Result<Self, RunsOver> {
        let mut cursor = Self {
            record: &[],
            wire,
            left: length,
        };
        cursor.settle()?;
        Ok(cursor)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left == 0
    }

    pub(super) fn len(&self) -> usize {
        self.left
    }

    pub(super) fn u8(&mut self) -> Result<u8, RunsOver> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, RunsOver> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], RunsOver> {
        let left = self.left.checked_sub(N).ok_or(RunsOver)?;
        let Some((bytes, rest)) = self.record.split_first_chunk() else {
            return self.array_over_records();
        };
        self.record = rest;
        self.left = left;
        self.settle()?;
        Ok(*bytes)
    }

    fn array_over_records<const N: usize>(&mut self) -> Result<[u8; N], RunsOver> {
        let mut bytes = [0; N];
        let part = self.take(N)?;
        for (slot, byte) in bytes.iter_mut().zip(part.pieces().flatten()) {
            *slot = *byte;
        }
        Ok(bytes)
    }

    /// Cuts the next `length` bytes off as a part of their own.
    pub(super) fn take(&mut self, length: usize) -> Result<Self, RunsOver> {
        let part = Self {
            left: length,
            ..*self
        };
        self.skip(length)?;
        Ok(part)
    }

    /// A vector with a length of one byte in front (RFC 8446 section 3.4).
    pub(super) fn vector_u8(&mut self) -> Result<Self, RunsOver> {
        let length = self.u8()?;
        self.take(usize::from(length))
    }

    /// A vector with a length of two bytes in front.
    pub(super) fn vector_u16(&mut self) -> Result<Self, RunsOver> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    pub(super) fn skip(&mut self, length: usize) -> Result<(), RunsOver> {
        let left = self.left.checked_sub(length).ok_or(RunsOver)?;
        let mut length = length;
        while length > self.record.len() {
            length -= self.record.len();
            self.next_record()?;
        }
        self.record = self.record.get(length..).unwrap_or_default();
        self.left = left;
        self.settle()
    }

    /// The rest in as many pieces as records hold it.
    pub(super) fn pieces(self) -> impl Iterator<Item = &'a [u8]> {
        let mut cursor = self;
        std::iter::from_fn(move || {
            let piece = cursor.record.get(..cursor.left).unwrap_or(cursor.record);
            cursor.skip(piece.len()).ok()?;
            (!piece.is_empty()).then_some(piece)
        })
    }

    /// The rest if one record holds all of it.
    pub(super) fn contiguous(&self) -> Option<&'a [u8]> {
        self.record.get(..self.left)
    }

    /// Refuses a part that was not read to its end.
    pub(super) fn expect_end(&self, otherwise: &'static str) -> Result<(), HelloError> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(HelloError::Malformed(otherwise))
        }
    }

    /// Moves on to the record that holds the next byte, so that an unfinished part never has an
    /// empty `record`.
    fn settle(&mut self) -> Result<(), RunsOver> {
        if self.record.is_empty() && self.left > 0 {
            self.next_record()
        } else {
            Ok(())
        }
    }

    fn next_record(&mut self) -> Result<(), RunsOver> {
        let (header, after) = self
            .wire
            .split_first_chunk::<RECORD_HEADER>()
            .ok_or(RunsOver)?;
        (self.record, self.wire) = after
            .split_at_checked(payload_length(*header))
            .ok_or(RunsOver)?;
        Ok(())
    }
}
