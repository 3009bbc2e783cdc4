//! One end of a path, and what it does.

use std::cell::RefCell;
use std::rc::Rc;

use socket2::SockRef;

use super::legs::{Event, Source, byte_at};
use super::*;

#[derive(Debug)]
pub(super) struct Far {
    pub(super) side: Side,
    pub(super) stream: Option<TcpStream>,
    pub(super) source: Rc<RefCell<Source>>,
    /// Bytes that it has sent, and that it has got.
    pub(super) sent: usize,
    pub(super) got: usize,
    /// It has finished sending.
    pub(super) has_ended: bool,
    /// How its own reading ended.
    pub(super) read_end: Option<Result<(), ErrorKind>>,
}

impl Far {
    /// Has the relay find that where it reads next.
    pub(super) fn script(&mut self, step: Step) {
        let event = match step {
            Step::Feed(_, length) => {
                self.sent += length;
                Event::Bytes(length)
            }
            Step::Nothing(_, count) => {
                let mut source = self.source.borrow_mut();
                source.events.extend(vec![Event::Nothing; count - 1]);
                Event::Nothing
            }
            Step::End(_) => Event::End,
            Step::Reset(_) => Event::Reset,
            _ => Event::Stall,
        };
        self.source.borrow_mut().push(event);
    }

    /// Does it with the socket.
    pub(super) fn really(&mut self, step: Step) {
        let Some(stream) = &self.stream else { return };
        match step {
            Step::Feed(_, length) => {
                let bytes: Vec<_> = (self.sent..self.sent + length)
                    .map(|place| byte_at(self.side, place))
                    .collect();
                self.sent += stream.try_write(&bytes).unwrap_or(0);
            }
            Step::End(_) => SockRef::from(stream)
                .shutdown(std::net::Shutdown::Write)
                .unwrap(),
            Step::Reset(_) => {
                stream.set_zero_linger().unwrap();
                self.stream = None;
            }
            _ => {}
        }
    }
}
