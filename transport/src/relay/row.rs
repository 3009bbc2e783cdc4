//! The buffer of a step: what one read brought, laid out for how it will be written.
//!
//! A thread has a row for all its connections. Only where the writer could not take everything does
//! a connection keep one, until it is written; the thread takes another.

mod size;

use std::cell::RefCell;
use std::io::{IoSlice, IoSliceMut};
use std::ops::Range;
use std::thread::LocalKey;

use crate::tls::record::{CONTROL, Frame, MOST_PLAINTEXT};
use size::PIECES;
pub(super) use size::Size;

/// Ranges that a row can have: those of a full row of records, and more.
const RANGES: usize = 64;
/// Plaintext that is shorter is moved to what stands before it: a few bytes copied are cheaper than a
/// range of their own, of which a row of small records would have thousands.
const MOVED: usize = 2 * 1024;
/// Rows of each size that a thread keeps for later. More are in use only while that many connections
/// wait for their writers, and what is over is given back then.
const SPARE: usize = 8;

/// Boxed: a connection that keeps a row holds no more than a pointer.
type Spares = RefCell<Vec<Box<Row>>>;

thread_local! {
    static SMALL: Spares = const { RefCell::new(Vec::new()) };
    static LARGE: Spares = const { RefCell::new(Vec::new()) };
}

fn spares(size: Size) -> &'static LocalKey<Spares> {
    match size {
        Size::Small => &SMALL,
        Size::Large => &LARGE,
    }
}

/// A buffer, and what of it is to be written.
#[derive(Debug)]
pub struct Row {
    bytes: Vec<u8>,
    ranges: Vec<Range<usize>>,
    /// The first range that is not written yet.
    first: usize,
    /// Records that were opened in it.
    records: u32,
    size: Size,
}

impl Row {
    fn new(size: Size) -> Self {
        Self {
            size,
            bytes: vec![0; size.room()],
            ranges: Vec::with_capacity(RANGES),
            first: 0,
            records: 0,
        }
    }

    /// An empty row.
    pub(super) fn take(size: Size) -> Box<Self> {
        spares(size)
            .with_borrow_mut(Vec::pop)
            .unwrap_or_else(|| Box::new(Self::new(size)))
    }

    pub(super) const fn size(&self) -> Size {
        self.size
    }

    /// A row with `bytes` to be written; none where there is no room for so many.
    pub(super) fn holding(bytes: &[u8]) -> Option<Box<Self>> {
        let fits = |size: &Size| bytes.len() <= size.room();
        let mut row = Self::take([Size::Small, Size::Large].into_iter().find(fits)?);
        row.put(bytes);
        Some(row)
    }

    /// What is to be written, piece by piece.
    pub(super) fn contents(&self) -> impl Iterator<Item = &[u8]> {
        self.left()
            .filter_map(|range| self.bytes.get(range.clone()))
    }

    /// A row that nobody needs any more.
    pub(super) fn give(mut self: Box<Self>) {
        self.ranges.clear();
        self.first = 0;
        self.records = 0;
        spares(self.size).with_borrow_mut(|spares| {
            if spares.len() < SPARE {
                spares.push(self);
            }
        });
    }

    /// The whole buffer, for a reader that lays it out by itself.
    pub(super) fn room(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// The place of one piece with `frame` around it.
    pub(super) fn piece(&mut self, frame: Frame) -> &mut [u8] {
        let start = CONTROL + frame.front;
        self.bytes
            .get_mut(start..start + MOST_PLAINTEXT)
            .unwrap_or_default()
    }

    /// The places of all pieces of a large row, each with `frame` around it.
    pub(super) fn pieces(&mut self, frame: Frame) -> [IoSliceMut<'_>; PIECES] {
        let (_, bytes) = self.bytes.split_at_mut(CONTROL);
        let mut places = bytes.chunks_exact_mut(stride(frame));
        std::array::from_fn(|_| {
            let place = places.next().unwrap_or_default();
            let piece = place.get_mut(frame.front..frame.front + MOST_PLAINTEXT);
            IoSliceMut::new(piece.unwrap_or_default())
        })
    }

    /// Notes that the first `length` bytes of the pieces are filled; whether that is all of them.
    pub(super) fn filled(&mut self, frame: Frame, length: usize) -> bool {
        let mut start = CONTROL + frame.front;
        let mut left = length;
        while left > 0 {
            let piece = left.min(MOST_PLAINTEXT);
            self.ranges.push(start..start + piece);
            start += stride(frame);
            left -= piece;
        }
        length == self.size.pieces() * MOST_PLAINTEXT
    }

    /// Notes a range that holds plaintext, behind all others.
    pub(super) fn add(&mut self, range: Range<usize>) {
        match self.ranges.last_mut() {
            Some(last) if range.len() <= MOVED && last.end <= range.start => {
                let length = range.len();
                self.bytes.copy_within(range, last.end);
                last.end += length;
            }
            _ => self.ranges.push(range),
        }
    }

    /// Notes that a record was opened, whatever was in it.
    pub(super) fn opened(&mut self) {
        self.records += 1;
    }

    /// Records that were opened in it.
    pub(super) const fn records(&self) -> u32 {
        self.records
    }

    /// No further range can be noted.
    pub(super) fn is_full(&self) -> bool {
        self.ranges.len() >= RANGES
    }

    /// Bytes that are to be written.
    pub(super) fn length(&self) -> usize {
        self.left().map(ExactSizeIterator::len).sum()
    }

    fn left(&self) -> impl Iterator<Item = &Range<usize>> {
        self.ranges.iter().skip(self.first)
    }

    /// Makes each range a record: `seal` gets it with its frame. `before` goes in front of all.
    ///
    /// # Errors
    /// Those of `seal`.
    pub(super) fn seal<E>(
        &mut self,
        frame: Frame,
        before: &[u8],
        mut seal: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        debug_assert!(
            self.ranges
                .windows(2)
                .all(|pair| matches!(pair, [one, next] if next.start - one.end == frame.back + frame.front)),
            "pieces that were not laid out for this frame"
        );
        let plain = std::mem::take(&mut self.ranges);
        let first = plain
            .first()
            .map_or(CONTROL, |range| range.start - frame.front);
        let start = first.saturating_sub(before.len());
        for (place, byte) in self.bytes.iter_mut().skip(start).zip(before) {
            *place = *byte;
        }
        let mut whole = start..first;
        for range in &plain {
            let record = range.start - frame.front..range.end + frame.back;
            seal(self.bytes.get_mut(record.clone()).unwrap_or_default())?;
            whole.end = record.end;
        }
        // The pieces stand side by side, and so do their records.
        self.ranges = plain;
        self.ranges.clear();
        self.ranges.push(whole);
        Ok(())
    }

    /// Puts bytes of their own into an empty row.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        for (place, byte) in self.bytes.iter_mut().zip(bytes) {
            *place = *byte;
        }
        self.ranges.push(0..bytes.len());
    }

    /// What is to be written, for one system call.
    pub(super) fn slices(&self) -> Slices<'_> {
        let mut left = self.left();
        let mut count = 0;
        let slices = std::array::from_fn(|_| {
            let bytes = left.next().and_then(|range| self.bytes.get(range.clone()));
            count += usize::from(bytes.is_some());
            IoSlice::new(bytes.unwrap_or_default())
        });
        Slices { slices, count }
    }

    /// The only range that is left, if it is only one: the common case, and a cheaper call.
    pub(super) fn only(&self) -> Option<&[u8]> {
        let mut left = self.left();
        let range = left.next()?;
        match left.next() {
            None => self.bytes.get(range.clone()),
            Some(_) => None,
        }
    }

    /// Notes that `written` bytes are gone.
    pub(super) fn advance(&mut self, mut written: usize) {
        while let Some(range) = self.ranges.get_mut(self.first) {
            let of_it = written.min(range.len());
            range.start += of_it;
            written -= of_it;
            if range.start < range.end {
                return;
            }
            self.first += 1;
        }
    }

    /// Nothing is left to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.left().next().is_none()
    }
}

/// Ranges of a row as a system call wants them.
pub(super) struct Slices<'a> {
    slices: [IoSlice<'a>; RANGES],
    count: usize,
}

impl<'a> Slices<'a> {
    pub(super) fn get(&self) -> &[IoSlice<'a>] {
        self.slices.get(..self.count).unwrap_or_default()
    }
}

/// From the start of one piece's frame to the next.
const fn stride(frame: Frame) -> usize {
    frame.front + MOST_PLAINTEXT + frame.back
}
