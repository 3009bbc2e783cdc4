//! Bytes of a TLS stream that were read and not opened.

use std::cell::RefCell;

use crate::tls::record::MOST_RECORD;

/// Buffers that a thread keeps for later. A bulk read ends inside a record nearly always, so a busy
/// connection needs one again and again, and an idle one none.
const SPARE: usize = 64;
/// What was larger was an exception, and is not kept.
const MOST_SPARE: usize = 2 * MOST_RECORD;

thread_local! {
    static SPARES: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// What was read and cannot be opened yet: a part of a record, or more than a row could take. Holds no
/// memory while it is empty.
#[derive(Debug, Default)]
pub(super) struct Remainder {
    bytes: Vec<u8>,
    /// What stands before is used.
    from: usize,
}

impl Remainder {
    pub(super) fn length(&self) -> usize {
        self.bytes.len() - self.from
    }

    /// Keeps `bytes` and nothing else.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        if bytes.is_empty() || (self.bytes.capacity() > MOST_SPARE && bytes.len() <= MOST_RECORD) {
            self.clear();
        }
        if bytes.is_empty() {
            return;
        }
        if self.bytes.capacity() == 0 {
            self.bytes = SPARES.with_borrow_mut(Vec::pop).unwrap_or_default();
        }
        self.bytes.clear();
        self.from = 0;
        self.bytes.reserve_exact(bytes.len().max(MOST_RECORD));
        self.bytes.extend_from_slice(bytes);
    }

    /// Copies to the beginning of `room` what fits; gives how much that is.
    pub(super) fn copy_to(&self, room: &mut [u8]) -> usize {
        let left = self.bytes.get(self.from..).unwrap_or_default();
        let length = left.len().min(room.len());
        let (place, _) = room.split_at_mut(length);
        place.copy_from_slice(left.split_at(length).0);
        length
    }

    /// The first `length` bytes are used.
    pub(super) fn consume(&mut self, length: usize) {
        self.from = (self.from + length).min(self.bytes.len());
        if self.from == self.bytes.len() {
            self.clear();
        }
    }

    pub(super) fn clear(&mut self) {
        self.from = 0;
        let buffer = std::mem::take(&mut self.bytes);
        if (1..=MOST_SPARE).contains(&buffer.capacity()) {
            SPARES.with_borrow_mut(|spares| {
                if spares.len() < SPARE {
                    spares.push(buffer);
                }
            });
        }
    }
}

impl Drop for Remainder {
    fn drop(&mut self) {
        self.clear();
    }
}
