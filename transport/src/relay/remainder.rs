//! Bytes of a record that is not whole yet.

use std::cell::RefCell;

use crate::tls::record::MOST_RECORD;

/// Buffers that a thread keeps for later. A bulk read ends inside a record nearly always, so a busy
/// connection needs one again and again, and an idle one none.
const SPARE: usize = 64;

thread_local! {
    static SPARES: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// What was read of a TLS stream and cannot be opened yet. Holds no memory while it is empty.
#[derive(Debug, Default)]
pub(super) struct Remainder(Vec<u8>);

impl Remainder {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn length(&self) -> usize {
        self.0.len()
    }

    /// Keeps `bytes` and nothing else.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            self.clear();
            return;
        }
        if self.0.capacity() == 0 {
            self.0 = SPARES.with_borrow_mut(Vec::pop).unwrap_or_default();
            self.0.clear();
        }
        if bytes.len() <= MOST_RECORD {
            self.0
                .reserve_exact(MOST_RECORD.saturating_sub(self.0.len()));
        }
        self.0.clear();
        self.0.extend_from_slice(bytes);
    }

    /// Copies what is kept to the beginning of `room`.
    pub(super) fn put_into(&self, room: &mut [u8]) {
        if let Some(place) = room.get_mut(..self.0.len()) {
            place.copy_from_slice(&self.0);
        }
    }

    pub(super) fn clear(&mut self) {
        let buffer = std::mem::take(&mut self.0);
        // What was larger than a record was an exception, and is not kept.
        if buffer.capacity() > 0 && buffer.capacity() <= 2 * MOST_RECORD {
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
