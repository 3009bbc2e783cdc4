use tokio::io::{DuplexStream, duplex};

use super::*;

const APART: Duration = Duration::from_millis(1);

/// A client by hand.
struct Client {
    events: DuplexStream,
    acks: DuplexStream,
}

/// An event as the client has it.
struct Event {
    length: usize,
    times: Vec<Duration>,
}

impl Client {
    async fn take(&mut self) -> Event {
        let length = self.events.read_u32().await.unwrap() as usize;
        let times = self.events.read_u32().await.unwrap() as usize;
        let mut payload = vec![0; length];
        self.events.read_exact(&mut payload).await.unwrap();
        let times = payload[..times * TIME].chunks_exact(TIME);
        let nanos = times.map(|time| u64::from_be_bytes(time.try_into().unwrap()));
        Event {
            length,
            times: nanos.map(Duration::from_nanos).collect(),
        }
    }

    async fn acknowledge(&mut self, events: u32) {
        self.acks.write_u32(events).await.unwrap();
    }

    /// The times of so many events, which have been acknowledged.
    async fn told(&mut self, events: usize) -> Vec<Duration> {
        let mut told = Vec::new();
        while told.len() < events {
            told.extend(self.take().await.times);
        }
        told
    }
}

/// What a client makes of events, of which `held` bytes may wait between the two.
async fn with<T>(rate: Option<u32>, held: usize, client: impl AsyncFnOnce(&mut Client) -> T) -> T {
    let (events, mut to) = duplex(held);
    let (acks, mut from) = duplex(64);
    let mut near = Client { events, acks };
    let underway = Underway::default();
    let rate = rate.and_then(EventRate::new);
    tokio::select! {
        made = client(&mut near) => made,
        ended = give(&mut to, rate, &underway) => panic!("{ended:?}"),
        ended = hear(&mut from, &underway) => panic!("{ended:?}"),
    }
}

#[tokio::test]
async fn every_event_that_is_acknowledged_is_told_its_own_time() {
    let told = with(Some(1000), 1 << 20, async |client| {
        for _ in 0..LENGTHS.len() {
            assert!(client.take().await.times.is_empty());
        }
        client.acknowledge(LENGTHS.len() as u32).await;
        client.told(LENGTHS.len()).await
    });
    let told = told.await;
    assert_eq!(told.len(), LENGTHS.len());
    for pair in told.windows(2) {
        assert_eq!(pair[0] - pair[1], APART, "{told:?}");
    }
}

/// What could not be written is late from when it was due: a client that waits is kept waiting.
#[tokio::test]
async fn a_stall_is_in_the_time_of_each_event_that_was_due_meanwhile() {
    const STALL: Duration = Duration::from_millis(200);
    const EVENTS: usize = 100;
    let told = with(Some(1000), 64, async |client| {
        client.take().await;
        tokio::time::sleep(STALL).await;
        client.acknowledge(1).await;
        let mut told = Vec::new();
        while told.len() < EVENTS {
            told.extend(client.take().await.times);
            client.acknowledge(1).await;
        }
        told
    });
    for (event, took) in told.await.into_iter().enumerate().take(EVENTS) {
        let least = STALL.saturating_sub(event as u32 * APART);
        assert!(took >= least, "event {event}: {took:?}");
    }
}

#[tokio::test]
async fn events_without_a_schedule_have_no_times() {
    with(None, 1 << 20, async |client| {
        let mut payload = 0;
        for _ in 0..LENGTHS.len() {
            let event = client.take().await;
            payload += event.length;
            assert!(event.times.is_empty());
            client.acknowledge(1).await;
        }
        assert_eq!(payload, LENGTHS.iter().sum::<usize>());
    })
    .await;
}

#[test]
fn a_client_that_acknowledges_nothing_is_given_up() {
    let mut sent = Sent::default();
    for _ in 0..MOST_UNDERWAY {
        sent.send(Some(Duration::ZERO)).unwrap();
    }
    let error = sent.send(Some(Duration::ZERO)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
}

#[tokio::test]
async fn acknowledging_what_was_not_sent_is_refused() {
    for events in [1, u32::MAX] {
        let (mut acks, mut acked) = duplex(64);
        acks.write_u32(events).await.unwrap();
        let error = hear(&mut acked, &Underway::default()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
