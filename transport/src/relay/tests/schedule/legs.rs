//! A leg that reads what a schedule says.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

use super::super::super::row::Size;
use super::*;

/// Whether somebody called for a poll; at first somebody has.
pub(super) struct Woken(AtomicBool);

impl Woken {
    pub(super) const fn new() -> Self {
        Self(AtomicBool::new(true))
    }

    pub(super) fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }

    pub(super) fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.set();
    }
}

/// What a read finds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    Bytes(usize),
    Nothing,
    Stall,
    End,
    Reset,
}

/// What a side will say.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) events: VecDeque<Event>,
    /// Bytes that were read of it.
    pub(super) read: usize,
    /// Events that were taken.
    pub(super) taken: u64,
    waker: Option<Waker>,
}

impl Source {
    pub(super) fn push(&mut self, event: Event) {
        self.events.push_back(event);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// The byte at that place of what a side sends.
pub(super) fn byte_at(side: Side, place: usize) -> u8 {
    let salt = match side {
        Side::Downstream => 0,
        Side::Upstream => 101,
    };
    ((place + place / 251 + salt) % 251) as u8
}

pub(super) struct ScriptedLeg {
    pub(super) side: Side,
    pub(super) tcp: TcpStream,
    pub(super) source: Rc<RefCell<Source>>,
    pub(super) farewell: &'static [u8],
}

impl Leg for ScriptedLeg {
    fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    fn is_plain(&self) -> bool {
        false
    }

    fn frame(&self) -> Frame {
        Frame::default()
    }

    fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        row: &mut Row,
        frame: Frame,
    ) -> Poll<io::Result<Read>> {
        let mut source = self.source.borrow_mut();
        let Some(event) = source.events.pop_front() else {
            source.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        source.taken += 1;
        match event {
            Event::Stall => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Event::Nothing => Poll::Ready(Ok(Read::Some)),
            Event::End => Poll::Ready(Ok(Read::End)),
            Event::Reset => Poll::Ready(Err(ErrorKind::ConnectionReset.into())),
            Event::Bytes(mut left) => {
                let before = source.read;
                let mut fill = |place: &mut [u8]| {
                    for byte in place.iter_mut().take(left) {
                        *byte = byte_at(self.side, source.read);
                        source.read += 1;
                    }
                    left -= left.min(place.len());
                };
                match row.size() {
                    Size::Small => fill(row.piece(frame)),
                    Size::Large => row.pieces(frame).iter_mut().for_each(|place| fill(place)),
                }
                if left > 0 {
                    source.events.push_front(Event::Bytes(left));
                }
                let full = row.filled(frame, source.read - before);
                Poll::Ready(Ok(if full { Read::Full } else { Read::Some }))
            }
        }
    }

    fn seal(&mut self, _row: &mut Row) -> io::Result<()> {
        Ok(())
    }

    fn seal_end(&mut self, row: &mut Row) -> io::Result<()> {
        if !self.farewell.is_empty() {
            row.put(self.farewell);
        }
        Ok(())
    }
}
