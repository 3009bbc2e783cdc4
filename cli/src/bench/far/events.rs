//! Events as a source of replication sends them: many small ones and a few of some kilobytes, one write
//! for each, while acknowledgements come back.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval};

use super::super::event_rate::EventRate;
use super::super::wire::{ACK, EVENT_HEAD};

/// Payload lengths, over and over: of 20 events 16 are a row, three some rows, one a large one.
const LENGTHS: [usize; 20] = [
    200, 200, 200, 200, 200, 2_000, 200, 200, 200, 200, 200, 2_000, 200, 200, 200, 200, 200, 2_000,
    200, 16_000,
];
/// The longest event, its head included.
pub(in crate::bench) const LONGEST: usize = EVENT_HEAD + 16_000;

/// When each event that has not been acknowledged was sent.
pub(super) type Underway = RefCell<Sent>;

/// Events that have been sent, and how long the last acknowledged one took.
#[derive(Debug, Default)]
pub(super) struct Sent {
    at: VecDeque<Instant>,
    took: Option<Duration>,
}

/// Sends until the client has gone.
///
/// # Errors
/// When it has.
pub(super) async fn send(
    stream: &mut TcpStream,
    rate: Option<EventRate>,
    underway: &Underway,
) -> io::Result<()> {
    let (mut from, mut to) = stream.split();
    tokio::try_join!(give(&mut to, rate, underway), hear(&mut from, underway))?;
    Ok(())
}

async fn give(
    to: &mut (impl AsyncWrite + Unpin),
    rate: Option<EventRate>,
    underway: &Underway,
) -> io::Result<()> {
    let mut ticks = rate.map(|rate| {
        let mut ticks = interval(Duration::from_secs(1) / rate.get());
        // What a busy machine has missed is made up for, as a source's commits would be.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        ticks
    });
    let mut event = vec![7; LONGEST];
    for length in LENGTHS.iter().copied().cycle() {
        if let Some(ticks) = &mut ticks {
            ticks.tick().await;
        }
        let took = underway.borrow_mut().took.take();
        write_head(&mut event, length, took);
        underway.borrow_mut().at.push_back(Instant::now());
        let whole = event.get(..EVENT_HEAD + length).unwrap_or_default();
        to.write_all(whole).await?;
    }
    Ok(())
}

/// Zero nanoseconds: nothing has been acknowledged since the event before.
fn write_head(event: &mut [u8], length: usize, took: Option<Duration>) {
    let length = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    let nanos = took.map_or(0, |took| {
        u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(1)
    });
    let head = length.into_iter().chain(nanos.to_be_bytes());
    for (byte, value) in event.iter_mut().zip(head) {
        *byte = value;
    }
}

async fn hear(from: &mut (impl AsyncRead + Unpin), underway: &Underway) -> io::Result<()> {
    let mut ack = [0; ACK];
    loop {
        from.read_exact(&mut ack).await?;
        let mut sent = underway.borrow_mut();
        for _ in 0..u32::from_be_bytes(ack) {
            let at = sent.at.pop_front();
            // More than was sent: not one of our clients.
            let at = at.ok_or(io::ErrorKind::InvalidData)?;
            sent.took = Some(at.elapsed());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Time passes when nobody has anything to do: every acknowledgement has come before the next event.
    #[tokio::test(start_paused = true)]
    async fn an_event_carries_what_the_last_acknowledgement_took() {
        let (mut near, mut far) = tokio::io::duplex(1 << 20);
        let (mut acks, mut acked) = tokio::io::duplex(64);
        let underway = Underway::default();
        let client = async {
            let mut head = [0; EVENT_HEAD];
            let mut told = 0;
            let mut payload = 0;
            for _ in 0..LENGTHS.len() {
                near.read_exact(&mut head).await.unwrap();
                let (length, nanos) = head.split_at(4);
                let length = u32::from_be_bytes(length.try_into().unwrap()) as usize;
                near.read_exact(&mut vec![0; length]).await.unwrap();
                payload += length;
                told += usize::from(u64::from_be_bytes(nanos.try_into().unwrap()) > 0);
                acks.write_all(&1_u32.to_be_bytes()).await.unwrap();
            }
            assert_eq!(payload, LENGTHS.iter().sum::<usize>());
            told
        };
        let rate = EventRate::new(1000);
        tokio::select! {
            told = client => assert_eq!(told, LENGTHS.len() - 1, "all but the first"),
            ended = give(&mut far, rate, &underway) => panic!("{ended:?}"),
            ended = hear(&mut acked, &underway) => panic!("{ended:?}"),
        }
    }

    #[tokio::test]
    async fn acknowledging_what_was_not_sent_is_refused() {
        let (mut acks, mut acked) = tokio::io::duplex(64);
        acks.write_all(&1_u32.to_be_bytes()).await.unwrap();
        let error = hear(&mut acked, &Underway::default()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
