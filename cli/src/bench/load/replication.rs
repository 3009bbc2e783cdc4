//! One long stream of events, each of which is acknowledged.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::ensure;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::opening::open_one;
use super::{Meter, Metric, Pace, Taken, Tally, gbit, percentiles};
use crate::bench::event_rate::EventRate;
use crate::bench::far::LONGEST_EVENT;
use crate::bench::wire::{EVENT_HEAD, TIME, Wanted};

/// What is read with one call, beside the beginning of an event that came before.
const BLOCK: usize = 64 << 10;

pub(super) async fn take(
    entry: SocketAddr,
    rate: Option<EventRate>,
    meter: &Meter,
    pace: Pace,
) -> anyhow::Result<Taken> {
    let tally = Tally::default();
    let stream = open_one(entry, Wanted::Events(rate), pace).await?;
    let counted = match rate {
        Some(_) => Counted::Events,
        None => Counted::Bytes,
    };
    tally.spawn(follow(stream, tally.clone(), counted));
    let window = tally.window(meter, pace, u64::MAX).await?;
    let values = match counted {
        Counted::Bytes => vec![(Metric::Gbit, gbit(&window))],
        Counted::Events => {
            let mut values = percentiles(tally.times(), &[Metric::P50, Metric::P99]);
            values.push((Metric::PerSecond, window.rate()));
            values
        }
    };
    Ok(Taken { values, window })
}

/// What the tally counts.
#[derive(Debug, Clone, Copy)]
enum Counted {
    /// Those whose times have come.
    Events,
    Bytes,
}

/// Takes what has come, and acknowledges all events that are whole with one write.
async fn follow(mut stream: TcpStream, tally: Tally, counted: Counted) -> anyhow::Result<()> {
    let mut room = vec![0; BLOCK + LONGEST_EVENT];
    let mut held = 0;
    loop {
        let free = room.get_mut(held..).unwrap_or_default();
        let came = stream.read(free).await?;
        ensure!(came > 0, "the stream of events ended early");
        let whole = events(room.get(..held + came).unwrap_or_default())?;
        tally.add(match counted {
            Counted::Events => whole.took.len(),
            Counted::Bytes => came,
        } as u64);
        for took in whole.took {
            tally.took(took);
        }
        room.copy_within(whole.length..held + came, 0);
        held = held + came - whole.length;
        if whole.count > 0 {
            stream.write_all(&whole.count.to_be_bytes()).await?;
        }
    }
}

/// The whole events at the beginning of what has come.
#[derive(Debug, Default, PartialEq, Eq)]
struct Whole {
    count: u32,
    length: usize,
    took: Vec<Duration>,
}

fn events(bytes: &[u8]) -> anyhow::Result<Whole> {
    let mut whole = Whole::default();
    while let Some(head) = bytes
        .get(whole.length..)
        .and_then(|rest| rest.first_chunk::<EVENT_HEAD>())
    {
        let [a, b, c, d, times @ ..] = *head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let times = u32::from_be_bytes(times) as usize;
        ensure!(
            EVENT_HEAD + length <= LONGEST_EVENT,
            "an event of {length} bytes"
        );
        ensure!(
            times <= length / TIME,
            "an event of {length} bytes with {times} times"
        );
        let begins = whole.length + EVENT_HEAD;
        let Some(payload) = bytes.get(begins..begins + length) else {
            break;
        };
        let (nanos, _) = payload.as_chunks::<TIME>();
        let times = nanos
            .iter()
            .take(times)
            .map(|nanos| u64::from_be_bytes(*nanos));
        whole.took.extend(times.map(Duration::from_nanos));
        whole.length = begins + length;
        whole.count += 1;
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(length: u32, times: &[u64]) -> Vec<u8> {
        let count = times.len() as u32;
        let mut event = [length.to_be_bytes(), count.to_be_bytes()].concat();
        event.extend(times.iter().flat_map(|time| time.to_be_bytes()));
        event.resize(EVENT_HEAD + length as usize, 7);
        event
    }

    #[test]
    fn only_whole_events_are_taken() {
        let mut bytes = event(200, &[5_000, 6_000]);
        bytes.extend(event(3, &[]));
        let two = bytes.len();
        bytes.extend(event(16, &[9]));
        for cut in [two, two + 1, two + EVENT_HEAD, bytes.len() - 1] {
            let whole = events(&bytes[..cut]).unwrap();
            assert_eq!((whole.count, whole.length), (2, two), "{cut}");
            assert_eq!(whole.took, [5, 6].map(Duration::from_micros));
        }
        assert_eq!(events(&[]).unwrap(), Whole::default());
    }

    #[test]
    fn an_event_that_is_too_long_is_no_event() {
        assert!(events(&event(100_000, &[])).is_err());
    }

    #[test]
    fn no_event_has_more_times_than_fit_in_it() {
        assert_eq!(events(&event(16, &[1, 2])).unwrap().took.len(), 2);
        let mut more = event(16, &[1, 2]);
        more[7] = 3;
        more.extend(event(200, &[]));
        assert!(events(&more).is_err());
    }
}
