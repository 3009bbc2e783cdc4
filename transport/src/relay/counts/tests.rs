use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::super::tests::pair;
use super::super::{Arrived, End, Patience, Stage, Transit, relay, relay_on};
use super::*;
use crate::reason::Reason;

/// On a machine that does other things too.
const NOTED: Duration = Duration::from_secs(20);

/// Since the connection began: the first byte to upstream, the first to downstream, the last.
fn moments(counts: &Counts) -> [Option<Duration>; 3] {
    let begun = counts.0[BEGUN].load(Ordering::Relaxed);
    [FIRST, FIRST + 1, LAST].map(|at| {
        let moment = counts.0[at].load(Ordering::Relaxed);
        (moment != 0).then(|| Duration::from_nanos(moment.wrapping_sub(begun)))
    })
}

struct Path {
    app: TcpStream,
    server: TcpStream,
    counts: Counts,
    begun: Instant,
    stop: CancellationToken,
    relay: JoinHandle<End>,
}

impl Path {
    async fn looked_at_every(unanswered: Option<Duration>) -> Self {
        let (app, mut downstream) = pair().await;
        let (mut upstream, server) = pair().await;
        let (begun, counts) = (Instant::now(), Counts::default());
        let stop = CancellationToken::new();
        let (shared, stopped) = (counts.clone(), stop.clone());
        let patience = Patience {
            unanswered,
            ..Patience::default()
        };
        let relay = tokio::spawn(async move {
            let legs = (&mut downstream, &mut upstream);
            relay(legs.0, legs.1, &shared, &patience, &stopped).await
        });
        Self {
            app,
            server,
            counts,
            begun,
            stop,
            relay,
        }
    }

    /// The app says something, and the time at which it had arrived.
    async fn ask(&mut self) -> Duration {
        self.app.write_all(b"ask").await.unwrap();
        self.server.read_exact(&mut [0; 3]).await.unwrap();
        self.begun.elapsed()
    }

    async fn answer(&mut self) -> Duration {
        self.server.write_all(b"answer").await.unwrap();
        self.app.read_exact(&mut [0; 6]).await.unwrap();
        self.begun.elapsed()
    }

    async fn noted_last(&self) -> Duration {
        let noted = async {
            loop {
                if let [.., Some(last)] = moments(&self.counts) {
                    break last;
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(NOTED, noted).await.unwrap()
    }
}

#[tokio::test]
async fn the_first_byte_is_noted_each_way_and_once() {
    let mut path = Path::looked_at_every(Patience::default().unanswered).await;
    let asked = path.ask().await;
    sleep(Duration::from_millis(2)).await;
    let before = path.begun.elapsed();
    let answered = path.answer().await;
    path.ask().await;
    path.answer().await;
    let [to_upstream, to_downstream, last] = moments(&path.counts);
    assert!(to_upstream.unwrap() <= asked, "{to_upstream:?} {asked:?}");
    assert!(to_downstream.unwrap() <= answered && to_downstream.unwrap() >= before);
    assert_eq!(last, None, "nobody has looked yet");
}

#[tokio::test]
async fn the_last_byte_is_noted_with_the_end_that_follows_it_at_once() {
    let mut path = Path::looked_at_every(Patience::default().unanswered).await;
    path.ask().await;
    path.server.write_all(b"answer").await.unwrap();
    path.server.shutdown().await.unwrap();
    path.app.read_to_end(&mut Vec::new()).await.unwrap();
    let last = path.noted_last().await;
    let heard = path.begun.elapsed();
    sleep(Duration::from_millis(20)).await;
    drop(path.app);
    assert_eq!(path.relay.await.unwrap().reason, Reason::Finished);
    assert!(last <= heard, "{last:?} {heard:?}");
    assert_eq!(moments(&path.counts)[2], Some(last), "no byte came after");
}

#[tokio::test]
async fn the_last_byte_of_a_connection_that_goes_on_is_noted_by_the_next_look() {
    let mut path = Path::looked_at_every(Some(Duration::from_millis(700))).await;
    let asked = path.ask().await;
    let last = path.noted_last().await;
    assert!(last >= asked.saturating_sub(Duration::from_millis(5)));
    // Nothing has passed since: looks find nothing new, nor does the end.
    sleep(Duration::from_millis(250)).await;
    path.stop.cancel();
    assert_eq!(path.relay.await.unwrap().reason, Reason::Drained);
    assert_eq!(moments(&path.counts)[2], Some(last));
}

#[tokio::test]
async fn where_nobody_looks_each_turn_is_noted() {
    let mut path = Path::looked_at_every(None).await;
    let asked = path.ask().await;
    let last = path.noted_last().await;
    sleep(Duration::from_millis(20)).await;
    path.stop.cancel();
    path.relay.await.unwrap();
    assert_eq!(moments(&path.counts)[2], Some(last));
    assert!(last <= asked + Duration::from_millis(10), "{last:?}");
}

#[tokio::test]
async fn what_has_passed_before_a_relay_is_cut_off_is_noted_at_its_end() {
    let mut path = Path::looked_at_every(Patience::default().unanswered).await;
    let asked = path.ask().await;
    path.stop.cancel();
    path.relay.await.unwrap();
    assert!(moments(&path.counts)[2].unwrap() <= path.begun.elapsed());
    assert!(moments(&path.counts)[0].unwrap() <= asked);
}

#[tokio::test]
async fn a_connection_over_which_nothing_goes_has_no_moments() {
    let path = Path::looked_at_every(Patience::default().unanswered).await;
    drop((path.app, path.server));
    path.relay.await.unwrap();
    assert_eq!(moments(&path.counts), [None; 3]);
}

#[tokio::test]
async fn the_first_byte_of_what_is_gone_on_with_was_elsewhere() {
    let (mut app, mut downstream) = pair().await;
    let (mut upstream, mut server) = pair().await;
    let age = Duration::from_secs(3600);
    let counts = Counts::aged(age);
    // To upstream something has gone before.
    counts.0[0].store(7, Ordering::Relaxed);
    let (mut transit, pause) = (Transit::default(), CancellationToken::new());
    let patience = Patience::default();
    let shared = counts.clone();
    let paused = pause.clone();
    let relay = tokio::spawn(async move {
        let legs = (&mut downstream, &mut upstream);
        let over = relay_on(legs.0, legs.1, &mut transit, &shared, &patience, &paused).await;
        assert!(over.is_none());
    });
    app.write_all(b"ask").await.unwrap();
    server.read_exact(&mut [0; 3]).await.unwrap();
    server.write_all(b"answer").await.unwrap();
    app.read_exact(&mut [0; 6]).await.unwrap();
    pause.cancel();
    relay.await.unwrap();
    let [to_upstream, to_downstream, last] = moments(&counts);
    assert_eq!(to_upstream, None);
    assert!(to_downstream.unwrap() >= age, "{to_downstream:?}");
    assert!(last >= to_downstream);
}

/// What was read and counted, and goes only now; or what TLS says at its end.
async fn kept_until_now(stage: Stage) -> [Option<Duration>; 3] {
    let (_app, mut downstream) = pair().await;
    let (mut upstream, mut server) = pair().await;
    let counts = Counts::default();
    counts.0[0].store(4, Ordering::Relaxed);
    let kept = Arrived {
        stage,
        bytes: b"kept".to_vec(),
        pipe: None,
    };
    let mut transit = Transit::resumed([kept, Arrived::default()]).unwrap();
    let (patience, pause) = (Patience::default(), CancellationToken::new());
    let hearing = async {
        let mut heard = [0; 4];
        server.read_exact(&mut heard).await.unwrap();
        pause.cancel();
        heard
    };
    let legs = (&mut downstream, &mut upstream);
    let relaying = relay_on(legs.0, legs.1, &mut transit, &counts, &patience, &pause);
    let (over, heard) = tokio::join!(relaying, hearing);
    assert!(over.is_none());
    assert_eq!(&heard, b"kept");
    assert_eq!(counts.to_upstream(), 4);
    moments(&counts)
}

#[tokio::test]
async fn a_byte_passes_when_it_is_written_however_long_ago_it_was_read() {
    let [to_upstream, to_downstream, last] = kept_until_now(Stage::Carrying).await;
    assert_eq!((to_upstream, to_downstream), (None, None));
    assert!(last.is_some());
    assert_eq!(kept_until_now(Stage::Closing).await, [None; 3]);
}

#[test]
fn a_turn_that_writes_nothing_has_nothing_to_note() {
    let counts = Counts::default();
    let mut passing = Passing::default();
    passing.begin(&counts);
    // Read, and kept for a writer that takes nothing.
    counts.0[1].fetch_add(1, Ordering::Relaxed);
    passing.turn(&counts, [false, false]);
    passing.note(&counts);
    assert_eq!(moments(&counts), [None; 3]);
    passing.turn(&counts, [false, true]);
    assert!(passing.is_unnoted());
    passing.note(&counts);
    let [none, first, last] = moments(&counts);
    assert_eq!(none, None);
    assert!(first.is_some() && last >= first);
    passing.turn(&counts, [false, false]);
    assert!(!passing.is_unnoted());
}

#[test]
fn what_was_carried_before_the_relay_has_its_moment() {
    let counts = Counts::default();
    counts.add_to_upstream(517);
    let [first, none, last] = moments(&counts);
    assert_eq!((first.is_some(), none, last), (true, None, first));
}
