//! Events as a source of replication sends them: many small ones and a few of some kilobytes, one write
//! for each, while acknowledgements come back. Nothing waits for those.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::event_rate::EventRate;
use super::super::wire::{ACK, EVENT_HEAD, TIME};
use super::schedule::{Schedule, now};

/// Payload lengths, over and over: of 20 events 16 are a row, three some rows, one a large one.
const LENGTHS: [usize; 20] = [
    200, 200, 200, 200, 200, 2_000, 200, 200, 200, 200, 200, 2_000, 200, 200, 200, 200, 200, 2_000,
    200, 16_000,
];
/// The longest event, its head included.
pub(in crate::bench) const LONGEST: usize = EVENT_HEAD + 16_000;
/// Whoever owes the acknowledgements of ten seconds at the highest rate gives none.
const MOST_UNDERWAY: usize = 10 * EventRate::MOST as usize;

/// What both directions of a connection look at.
pub(super) type Underway = RefCell<Sent>;

/// Events that have been sent.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// How many have not been acknowledged.
    open: u64,
    /// When each of those was due, where they have a schedule.
    due: VecDeque<Duration>,
    /// How long each acknowledged one took since then, until the client is told.
    took: VecDeque<Duration>,
}

impl Sent {
    /// One more is sent.
    ///
    /// # Errors
    /// When the client acknowledges nothing.
    fn send(&mut self, due: Option<Duration>) -> io::Result<()> {
        self.open += 1;
        self.due.extend(due);
        match self.due.len() + self.took.len() > MOST_UNDERWAY {
            true => Err(io::ErrorKind::QuotaExceeded.into()),
            false => Ok(()),
        }
    }

    /// So many are acknowledged at a time.
    ///
    /// # Errors
    /// When they are more than were sent: not one of our clients.
    fn acknowledge(&mut self, events: u32, at: Duration) -> io::Result<()> {
        let left = self.open.checked_sub(u64::from(events));
        self.open = left.ok_or(io::ErrorKind::InvalidData)?;
        let acknowledged = self.due.len().min(events as usize);
        let due = self.due.drain(..acknowledged);
        self.took.extend(due.map(|due| at.saturating_sub(due)));
        Ok(())
    }
}

/// Sends until the client has gone.
///
/// # Errors
/// When it has.
pub(super) async fn send(stream: &mut TcpStream, rate: Option<EventRate>) -> io::Result<()> {
    let underway = Underway::default();
    let (mut from, mut to) = stream.split();
    tokio::try_join!(give(&mut to, rate, &underway), hear(&mut from, &underway))?;
    Ok(())
}

async fn give(
    to: &mut (impl AsyncWrite + Unpin),
    rate: Option<EventRate>,
    underway: &Underway,
) -> io::Result<()> {
    let mut schedule = rate.map(Schedule::start).transpose()?;
    let mut event = vec![7; LONGEST];
    for length in LENGTHS.iter().copied().cycle() {
        let due = match &mut schedule {
            Some(schedule) => Some(schedule.next().await?),
            None => None,
        };
        {
            let mut sent = underway.borrow_mut();
            write_head(&mut event, length, &mut sent.took);
            sent.send(due)?;
        }
        let whole = event.get(..EVENT_HEAD + length).unwrap_or_default();
        to.write_all(whole).await?;
    }
    Ok(())
}

/// The payload begins with as many times as fit; nobody reads the rest of it.
fn write_head(event: &mut [u8], length: usize, took: &mut VecDeque<Duration>) {
    let times = took.len().min(length / TIME);
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_be_bytes();
    let times_of = took.drain(..times).flat_map(|took| {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        nanos.to_be_bytes()
    });
    let head = number(length).into_iter().chain(number(times));
    for (byte, value) in event.iter_mut().zip(head.chain(times_of)) {
        *byte = value;
    }
}

async fn hear(from: &mut (impl AsyncRead + Unpin), underway: &Underway) -> io::Result<()> {
    let mut ack = [0; ACK];
    loop {
        from.read_exact(&mut ack).await?;
        let events = u32::from_be_bytes(ack);
        underway.borrow_mut().acknowledge(events, now())?;
    }
}

#[cfg(test)]
mod tests;
