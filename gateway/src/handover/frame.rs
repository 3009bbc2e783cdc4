//! What two gateways say to each other, byte by byte.
//!
//! A frame is the length of its body (four bytes, little-endian), its kind, the number of descriptors
//! that come with it, and the body. The form of [`Frame::Hello`] and [`Frame::Refused`] never changes:
//! by them gateways of different builds understand that they do not understand each other.

mod codec;

use std::net::SocketAddr;

use eastwest_transport::relay::{Stage, Transit};

pub(super) use codec::FrameError;
use codec::{Reader, Writer};

/// The version of everything but [`Frame::Hello`] and [`Frame::Refused`].
pub(super) const VERSION: u16 = 3;
/// Bytes before a body.
pub(super) const HEADER: usize = 6;
/// The most descriptors of one frame: two sockets, and the ends of two pipes.
pub(super) const MOST_DESCRIPTORS: usize = 8;
/// The longest body: what is under way both ways, and a server name.
pub(super) const MOST_BODY: usize = 2 * Transit::MOST_BYTES + 4096;

/// So that nobody takes something else for a gateway.
const MAGIC: u64 = u64::from_be_bytes(*b"eastwest");

/// One thing that is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Frame {
    /// Who one is: first in both directions.
    Hello(Hello),
    /// Why there will be no handover: the old one says it.
    Refused(String),
    /// The listening sockets by name, as descriptors; how many connections are open; from where on to
    /// count them; and how often the service manager has to hear of the main process, if it has to.
    Listeners {
        offered: Vec<Offered>,
        open: u64,
        number: u64,
        watchdog_micros: u64,
    },
    /// The new one serves.
    Ready,
    /// A connection: its descriptors are downstream, upstream, and the ends of each pipe.
    Connection(Box<Described>),
    /// As many connections as the new one is to say now that it has.
    EndOfBatch,
    /// Which of the batch the new one has from now on.
    Taken(Vec<bool>),
    /// There are no more, and so many stay with the old one. Its descriptor is the socket at which
    /// gateways meet.
    Done { staying: u64 },
    /// The new one has understood that, and is alone.
    Farewell,
    /// The new one ends itself, and is the one that gives from here on: first connections, as the old one does,
    /// then [`Frame::Done`] without a socket. It says so instead of [`Frame::Ready`], [`Frame::Taken`] or
    /// [`Frame::Farewell`]. One of this version that does not know it breaks off, as by any word out of turn.
    Back,
}

/// A listening socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offered {
    pub(super) name: String,
    /// Whether the service manager has opened it.
    pub(super) supervised: bool,
}

/// Who a gateway is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hello {
    /// Which version it speaks.
    pub(super) version: u16,
    /// Its number, for people.
    pub(super) process: u32,
    /// Its build, for people.
    pub(super) build: String,
    /// The service manager's name for this run of the service.
    pub(super) invocation: String,
}

/// A connection without its descriptors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Described {
    pub(super) id: u64,
    /// What the shims call it, too.
    pub(super) connection_id: Option<u64>,
    pub(super) peer: SocketAddr,
    pub(super) upstream: SocketAddr,
    pub(super) route: Option<String>,
    /// To the upstream, to the downstream.
    pub(super) bytes: [u64; 2],
    pub(super) age_micros: u64,
    /// To the upstream, to the downstream.
    pub(super) ways: [DescribedWay; 2],
}

/// What is under way in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DescribedWay {
    pub(super) stage: Stage,
    pub(super) bytes: Vec<u8>,
    /// Bytes in the pipe, if there is one.
    pub(super) piped: Option<u64>,
}

impl Described {
    /// How many descriptors belong to it.
    pub(super) fn descriptors(&self) -> usize {
        2 + 2 * self.ways.iter().filter(|way| way.piped.is_some()).count()
    }
}

impl Frame {
    const fn kind(&self) -> u8 {
        match self {
            Self::Hello(_) => 1,
            Self::Refused(_) => 2,
            Self::Listeners { .. } => 3,
            Self::Ready => 4,
            Self::Connection(_) => 5,
            Self::EndOfBatch => 6,
            Self::Taken(_) => 7,
            Self::Done { .. } => 8,
            Self::Farewell => 9,
            Self::Back => 10,
        }
    }

    /// The whole frame, which comes with so many descriptors.
    pub(super) fn encode(&self, descriptors: usize) -> Result<Vec<u8>, FrameError> {
        let mut to = Writer::new();
        match self {
            Self::Hello(hello) => {
                to.u64(MAGIC);
                to.u16(hello.version);
                to.u64(hello.process.into());
                to.text(&hello.build);
                to.text(&hello.invocation);
            }
            Self::Refused(why) => to.text(why),
            Self::Listeners {
                offered,
                open,
                number,
                watchdog_micros,
            } => {
                to.u64(*open);
                to.u64(*number);
                to.u64(*watchdog_micros);
                to.u16(u16::try_from(offered.len()).unwrap_or(u16::MAX));
                for Offered { name, supervised } in offered {
                    to.text(name);
                    to.u8(u8::from(*supervised));
                }
            }
            Self::Connection(described) => described.write(&mut to),
            Self::Taken(taken) => {
                to.u16(u16::try_from(taken.len()).unwrap_or(u16::MAX));
                taken.iter().for_each(|taken| to.u8(u8::from(*taken)));
            }
            Self::Done { staying } => to.u64(*staying),
            Self::Ready | Self::EndOfBatch | Self::Farewell | Self::Back => {}
        }
        to.frame(self.kind(), descriptors)
    }

    /// The body of a frame of this kind.
    pub(super) fn decode(kind: u8, body: &[u8]) -> Result<Self, FrameError> {
        let mut from = Reader::new(body);
        let frame = match kind {
            1 => {
                if from.u64()? != MAGIC {
                    return Err(FrameError::NoGateway);
                }
                Self::Hello(Hello {
                    version: from.u16()?,
                    process: from.u64()?.try_into().map_err(|_| FrameError::Malformed)?,
                    build: from.text()?,
                    invocation: from.text()?,
                })
            }
            2 => Self::Refused(from.text()?),
            3 => {
                let (open, number, watchdog_micros) = (from.u64()?, from.u64()?, from.u64()?);
                let count = from.u16()?;
                let offered = (0..count).map(|_| {
                    Ok(Offered {
                        name: from.text()?,
                        supervised: from.bool()?,
                    })
                });
                Self::Listeners {
                    offered: offered.collect::<Result<_, FrameError>>()?,
                    open,
                    number,
                    watchdog_micros,
                }
            }
            4 => Self::Ready,
            5 => Self::Connection(Box::new(Described::read(&mut from)?)),
            6 => Self::EndOfBatch,
            7 => {
                let count = from.u16()?;
                let taken = (0..count).map(|_| from.bool());
                Self::Taken(taken.collect::<Result<_, _>>()?)
            }
            8 => Self::Done {
                staying: from.u64()?,
            },
            9 => Self::Farewell,
            10 => Self::Back,
            _ => return Err(FrameError::Unknown(kind)),
        };
        from.end()?;
        Ok(frame)
    }
}

impl Described {
    fn write(&self, to: &mut Writer) {
        to.u64(self.id);
        to.option(self.connection_id, Writer::u64);
        to.address(self.peer);
        to.address(self.upstream);
        to.option(self.route.as_deref(), Writer::text);
        self.bytes.iter().for_each(|count| to.u64(*count));
        to.u64(self.age_micros);
        for way in &self.ways {
            let stage = Stage::ALL.iter().position(|stage| *stage == way.stage);
            to.u8(stage.and_then(|at| u8::try_from(at).ok()).unwrap_or(0));
            to.bytes(&way.bytes);
            to.option(way.piped, Writer::u64);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, FrameError> {
        Ok(Self {
            id: from.u64()?,
            connection_id: from.option(Reader::u64)?,
            peer: from.address()?,
            upstream: from.address()?,
            route: from.option(Reader::text)?,
            bytes: [from.u64()?, from.u64()?],
            age_micros: from.u64()?,
            ways: [DescribedWay::read(from)?, DescribedWay::read(from)?],
        })
    }
}

impl DescribedWay {
    fn read(from: &mut Reader<'_>) -> Result<Self, FrameError> {
        let stage = Stage::ALL.get(usize::from(from.u8()?));
        Ok(Self {
            stage: *stage.ok_or(FrameError::Malformed)?,
            bytes: from.bytes()?.to_vec(),
            piped: from.option(Reader::u64)?,
        })
    }
}

#[cfg(test)]
mod tests;
