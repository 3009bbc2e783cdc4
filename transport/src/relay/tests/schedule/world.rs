//! What stands around a relay: two ends that send and take by the schedule, and know what must come.

use std::rc::Rc;

use socket2::SockRef;

use super::far::Far;
use super::legs::{ScriptedLeg, byte_at};
use super::*;

/// The most that may be under way: a large row or a pipe for each direction, and the sockets' buffers,
/// which the kernel makes as large as six MiB unless told otherwise.
const UNDER_WAY: usize = 12 << 20;
/// The same with buffers that are set.
const UNDER_WAY_SMALL: usize = 2 << 20;
/// What stands in front of the FIN where a leg has something to say there.
const FAREWELL: &[u8] = b"farewell";

/// Who sends and who takes.
const WAYS: [(Side, Side); 2] = [
    (Side::Downstream, Side::Upstream),
    (Side::Upstream, Side::Downstream),
];

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Scripted { farewell: bool },
    Sockets,
}

#[derive(Debug)]
pub(super) struct World {
    kind: Kind,
    small: bool,
    ends: [Far; 2],
    pub(super) counts: Counts,
    pub(super) stop: CancellationToken,
    /// What must end the relay.
    pub(super) fatal: Option<Fatal>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fatal {
    Reset(Side),
    Stop,
}

const fn index(side: Side) -> usize {
    match side {
        Side::Downstream => 0,
        Side::Upstream => 1,
    }
}

impl World {
    /// With the relay's ends of both connections, downstream first.
    pub(super) async fn new(kind: Kind, buffers: Option<usize>) -> (Self, TcpStream, TcpStream) {
        let (far_down, near_down) = pair().await;
        let (near_up, far_up) = pair().await;
        for socket in [&far_down, &near_down, &near_up, &far_up] {
            if let Some(size) = buffers {
                SockRef::from(socket).set_send_buffer_size(size).unwrap();
                // With less, the kernel's timers for small windows take most of the time.
                let size = size.max(64 * 1024);
                SockRef::from(socket).set_recv_buffer_size(size).unwrap();
            }
        }
        let far = |side, stream| Far {
            side,
            stream: Some(stream),
            source: Rc::default(),
            sent: 0,
            got: 0,
            has_ended: false,
            read_end: None,
        };
        let world = Self {
            kind,
            small: buffers.is_some(),
            ends: [far(Side::Downstream, far_down), far(Side::Upstream, far_up)],
            counts: Counts::default(),
            stop: CancellationToken::new(),
            fatal: None,
        };
        (world, near_down, near_up)
    }

    pub(super) fn leg(&self, side: Side, tcp: TcpStream) -> ScriptedLeg {
        ScriptedLeg {
            side,
            tcp,
            source: Rc::clone(&self.ends[index(side)].source),
            farewell: self.farewell(),
        }
    }

    const fn farewell(&self) -> &'static [u8] {
        match self.kind {
            Kind::Scripted { farewell: true } => FAREWELL,
            _ => &[],
        }
    }

    /// Does a step; whether anything has changed by it.
    pub(super) fn apply(&mut self, step: Step) -> bool {
        let scripted = matches!(self.kind, Kind::Scripted { .. });
        match step {
            Step::Drain(side, limit) => self.drain(side, limit),
            Step::Stop => {
                self.stop.cancel();
                self.fatal = Some(Fatal::Stop);
                true
            }
            Step::Feed(side, _)
            | Step::Nothing(side, _)
            | Step::Stall(side)
            | Step::End(side)
            | Step::Reset(side)
                if !self.ends[index(side)].has_ended =>
            {
                let far = &mut self.ends[index(side)];
                match step {
                    Step::Reset(_) => self.fatal = Some(Fatal::Reset(side)),
                    Step::End(_) => far.has_ended = true,
                    _ => {}
                }
                match scripted {
                    true => far.script(step),
                    false => far.really(step),
                }
                true
            }
            _ => false,
        }
    }

    /// Moves with everything that moves.
    pub(super) fn progress(&self) -> u64 {
        let taken: u64 = self.ends.iter().map(|far| far.source.borrow().taken).sum();
        let got: usize = self.ends.iter().map(|far| far.got).sum();
        self.counts.to_upstream() + self.counts.to_downstream() + taken + got as u64
    }

    pub(super) fn drain_all(&mut self) -> bool {
        let [down, up] = [Side::Downstream, Side::Upstream];
        self.drain(down, usize::MAX) | self.drain(up, usize::MAX)
    }

    pub(super) fn has_seen_end(&self, side: Side) -> bool {
        self.ends[index(side)].read_end.is_some()
    }

    /// Takes up to `limit` bytes at `side`, and compares them with what the other side has sent.
    fn drain(&mut self, side: Side, limit: usize) -> bool {
        let farewell = self.farewell();
        let [down, up] = &mut self.ends;
        let (far, sender) = match side {
            Side::Downstream => (down, &*up),
            Side::Upstream => (up, &*down),
        };
        let mut buffer = [0; 16 * 1024];
        let (mut left, mut moved) = (limit, false);
        while left > 0 && far.read_end.is_none() {
            let Some(stream) = &far.stream else { break };
            let most = left.min(buffer.len());
            match stream.try_read(&mut buffer[..most]) {
                Ok(0) => {
                    assert!(sender.has_ended, "an end that nobody made");
                    let whole = sender.sent + farewell.len();
                    assert_eq!(far.got, whole, "the end came before the bytes");
                    far.read_end = Some(Ok(()));
                }
                Ok(n) => {
                    for &byte in &buffer[..n] {
                        let expected = match far.got.checked_sub(sender.sent) {
                            None => byte_at(sender.side, far.got),
                            Some(after) if sender.has_ended => farewell[after],
                            Some(_) => panic!("more bytes than were sent"),
                        };
                        assert_eq!(byte, expected, "byte {}", far.got);
                        far.got += 1;
                    }
                    left -= n;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => far.read_end = Some(Err(error.kind())),
            }
            moved = true;
        }
        moved
    }

    /// The bytes of the app that `side` has got.
    fn delivered(&self, side: Side) -> usize {
        let sender = &self.ends[1 - index(side)];
        self.ends[index(side)].got.min(sender.sent)
    }

    fn counted(&self, sender: Side) -> usize {
        let counted = [self.counts.to_upstream(), self.counts.to_downstream()];
        usize::try_from(counted[index(sender)]).unwrap()
    }

    /// A relay reads no more than it can keep while nobody takes it.
    pub(super) fn assert_bounded(&self) {
        let most = if self.small {
            UNDER_WAY_SMALL
        } else {
            UNDER_WAY
        };
        for (sender, taker) in WAYS {
            let under_way = self.counted(sender).saturating_sub(self.delivered(taker));
            assert!(under_way <= most, "{under_way} bytes under way");
        }
    }

    /// Whether the relay has ended as it must have; both its legs are dropped.
    pub(super) async fn judge(&mut self, end: &End) {
        let all_ended = self.ends.iter().all(|far| far.has_ended);
        let expected = match self.fatal {
            None => Reason::Finished,
            Some(_) if end.reason == Reason::Finished && all_ended => Reason::Finished,
            Some(Fatal::Stop) => Reason::Drained,
            Some(Fatal::Reset(Side::Downstream)) => Reason::DownstreamReset,
            Some(Fatal::Reset(Side::Upstream)) => Reason::UpstreamReset,
        };
        assert_eq!(end.reason, expected, "{end:?} of {self:?}");
        let begun = Instant::now();
        for side in [Side::Downstream, Side::Upstream] {
            while self.ends[index(side)].stream.is_some() && !self.has_seen_end(side) {
                assert!(begun.elapsed() < STANDSTILL, "no end at all: {self:?}");
                self.drain(side, usize::MAX);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        for (sender, taker) in WAYS {
            let (sent, counted) = (self.ends[index(sender)].sent, self.counted(sender));
            let delivered = self.delivered(taker);
            assert!(delivered <= counted && counted <= sent, "{self:?}");
            let read_end = self.ends[index(taker)].read_end;
            if end.reason == Reason::Finished {
                assert_eq!((delivered, counted), (sent, sent), "{self:?}");
                assert_eq!(read_end, Some(Ok(())), "{self:?}");
            } else if !self.ends[index(sender)].has_ended && read_end.is_some() {
                // An error, where nothing else would tell that bytes may be missing.
                assert_eq!(read_end, Some(Err(ErrorKind::ConnectionReset)), "{self:?}");
            }
        }
    }
}
