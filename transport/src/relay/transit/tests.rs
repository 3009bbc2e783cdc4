use std::os::fd::AsFd;
use std::time::Duration;

use proptest::prelude::*;
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::reason::Reason;
use crate::relay::{Counts, End, Patience, relay_on};

/// The two connections of a relay, and what is under way.
#[derive(Debug)]
struct Standing {
    downstream: TcpStream,
    upstream: TcpStream,
    transit: Transit,
}

impl Standing {
    /// The same in another process: descriptors of its own, and only what can be described.
    fn carried_over(self) -> Self {
        let arrived = self.transit.ways().map(|way| Arrived {
            stage: way.stage,
            bytes: way.bytes.concat(),
            pipe: way.pipe.map(|pipe| Piped {
                ends: pipe.ends.map(|end| end.try_clone_to_owned().unwrap()),
                held: pipe.held,
            }),
        });
        let moved = |stream: &TcpStream| {
            let socket = stream.as_fd().try_clone_to_owned().unwrap();
            TcpStream::from_std(socket.into()).unwrap()
        };
        Self {
            downstream: moved(&self.downstream),
            upstream: moved(&self.upstream),
            transit: Transit::resumed(arrived).unwrap(),
        }
    }

    /// Relays until it is told to stand still, or the relay is over.
    fn run(self, counts: Counts, pause: CancellationToken) -> JoinHandle<Result<End, Self>> {
        tokio::spawn(async move {
            let Self {
                mut downstream,
                mut upstream,
                mut transit,
            } = self;
            let patience = Patience::default();
            let (d, u, t) = (&mut downstream, &mut upstream, &mut transit);
            match relay_on(d, u, t, &counts, &patience, &pause).await {
                Some(end) => Ok(end),
                None => Err(Self {
                    downstream,
                    upstream,
                    transit,
                }),
            }
        })
    }
}

/// A connection whose near end has little room for what it does not read.
async fn tight_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpSocket::new_v4().unwrap();
    near.set_recv_buffer_size(16 << 10).unwrap();
    let near = near.connect(listener.local_addr().unwrap()).await.unwrap();
    let (far, _) = listener.accept().await.unwrap();
    (near, far)
}

async fn standing() -> (TcpStream, Standing, TcpStream) {
    let (app, downstream) = tight_pair().await;
    let (server, upstream) = tight_pair().await;
    let standing = Standing {
        downstream,
        upstream,
        transit: Transit::default(),
    };
    (app, standing, server)
}

/// What one end does: writes so much and ends, reading a piece at a time with pauses.
#[derive(Debug, Clone)]
struct Habits {
    sends: usize,
    writes: usize,
    reads: usize,
    rests: u64,
}

fn habits() -> impl Strategy<Value = Habits> {
    (
        0usize..3 << 20,
        1usize..300_000,
        1usize..200_000,
        0u64..1_500,
    )
        .prop_map(|(sends, writes, reads, rests)| Habits {
            sends,
            writes,
            reads,
            rests,
        })
}

fn stream(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// Writes and reads by its habits; what it has read.
async fn talk(stream_: TcpStream, bytes: Vec<u8>, habits: Habits) -> Vec<u8> {
    let (mut reader, mut writer) = stream_.into_split();
    let write = async move {
        for piece in bytes.chunks(habits.writes) {
            writer.write_all(piece).await.unwrap();
        }
        writer.shutdown().await.unwrap();
        writer
    };
    let read = async move {
        let mut all = Vec::new();
        let mut piece = vec![0; habits.reads];
        loop {
            match reader.read(&mut piece).await.unwrap() {
                0 => return all,
                n => all.extend_from_slice(&piece[..n]),
            }
            if habits.rests > 0 && all.len() % 7 == 0 {
                tokio::time::sleep(Duration::from_micros(habits.rests)).await;
            }
        }
    };
    let (_writer, all) = tokio::join!(write, read);
    all
}

/// Runs a whole connection, with a change of process after each of `moments` (in microseconds).
async fn across(app_is: Habits, server_is: Habits, moments: &[u64]) -> (End, usize) {
    let (app, mut standing, server) = standing().await;
    let (up, down) = (stream(app_is.sends, 1), stream(server_is.sends, 2));
    let app = tokio::spawn(talk(app, up.clone(), app_is));
    let server = tokio::spawn(talk(server, down.clone(), server_is));
    let counts = Counts::default();
    let mut changes = 0;
    let mut moments = moments.iter();
    let end = loop {
        let pause = CancellationToken::new();
        let relay = standing.run(counts.clone(), pause.clone());
        if let Some(&moment) = moments.next() {
            tokio::time::sleep(Duration::from_micros(moment)).await;
            pause.cancel();
        }
        match relay.await.unwrap() {
            Ok(end) => break end,
            Err(still) => standing = still.carried_over(),
        }
        changes += 1;
    };
    let (at_app, at_server) = (app.await.unwrap(), server.await.unwrap());
    assert!(at_server == up, "{} of {}", at_server.len(), up.len());
    assert!(at_app == down, "{} of {}", at_app.len(), down.len());
    assert_eq!(counts.to_upstream(), up.len() as u64);
    assert_eq!(counts.to_downstream(), down.len() as u64);
    (end, changes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_byte_is_lost_or_doubled_whenever_the_process_changes(
        app in habits(),
        server in habits(),
        moments in prop::collection::vec(0u64..4_000, 0..9),
    ) {
        let runtime = Runtime::new().unwrap();
        let (end, _) = runtime.block_on(across(app, server, &moments));
        prop_assert_eq!(end.reason, Reason::Finished, "{:?}", end.error);
    }
}

const QUIET: Habits = Habits {
    sends: 0,
    writes: 1,
    reads: 1 << 16,
    rests: 0,
};

#[tokio::test]
async fn a_stream_that_waits_in_a_pipe_goes_on_from_there() {
    let (mut app, first, server) = standing().await;
    let counts = Counts::default();
    let sent = stream(32 << 20, 3);
    let writer = tokio::spawn({
        let sent = sent.clone();
        let (_server_reads, mut server) = server.into_split();
        async move {
            server.write_all(&sent).await.unwrap();
            server.shutdown().await.unwrap();
            (_server_reads, server)
        }
    });
    let mut still = first;
    let mut piped = 0;
    let mut got = Vec::new();
    for _ in 0..5 {
        let pause = CancellationToken::new();
        let relay = still.run(counts.clone(), pause.clone());
        // Nobody reads, so that all that there is room for fills up.
        tokio::time::sleep(Duration::from_millis(50)).await;
        pause.cancel();
        still = relay.await.unwrap().unwrap_err();
        let [_, down] = still.transit.ways();
        piped += down.pipe.map_or(0, |pipe| pipe.held);
        still = still.carried_over();
        let mut some = vec![0; 3 << 20];
        let pause = CancellationToken::new();
        let relay = still.run(counts.clone(), pause.clone());
        app.read_exact(&mut some).await.unwrap();
        got.append(&mut some);
        pause.cancel();
        still = relay.await.unwrap().unwrap_err().carried_over();
    }
    assert!(piped > 0, "nothing was ever in a pipe");
    let relay = still.run(counts, CancellationToken::new());
    let mut rest = Vec::new();
    app.read_to_end(&mut rest).await.unwrap();
    got.append(&mut rest);
    assert!(got == sent, "{} of {}", got.len(), sent.len());
    app.shutdown().await.unwrap();
    drop(writer.await.unwrap());
    assert_eq!(relay.await.unwrap().unwrap().reason, Reason::Finished);
}

#[tokio::test]
async fn a_half_close_is_not_forgotten_nor_said_twice() {
    let (mut app, still, mut server) = standing().await;
    let counts = Counts::default();
    app.shutdown().await.unwrap();
    let mut still = still;
    for _ in 0..3 {
        let pause = CancellationToken::new();
        let relay = still.run(counts.clone(), pause.clone());
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
        tokio::time::sleep(Duration::from_millis(5)).await;
        pause.cancel();
        still = relay.await.unwrap().unwrap_err().carried_over();
        assert_eq!(
            still.transit.ways().map(|way| way.stage),
            [Stage::Done, Stage::Carrying]
        );
    }
    let relay = still.run(counts, CancellationToken::new());
    server.write_all(b"the answer").await.unwrap();
    server.shutdown().await.unwrap();
    let mut answer = Vec::new();
    app.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"the answer");
    assert_eq!(relay.await.unwrap().unwrap().reason, Reason::Finished);
}

#[tokio::test]
async fn a_reset_that_comes_while_nobody_relays_is_passed_on() {
    let (app, still, mut server) = standing().await;
    let pause = CancellationToken::new();
    pause.cancel();
    let still = still
        .run(Counts::default(), pause)
        .await
        .unwrap()
        .unwrap_err();
    app.set_zero_linger().unwrap();
    drop(app);
    let relay = still
        .carried_over()
        .run(Counts::default(), CancellationToken::new());
    let read = server.read(&mut [0]).await.unwrap_err();
    assert_eq!(read.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(
        relay.await.unwrap().unwrap().reason,
        Reason::DownstreamReset
    );
}

#[tokio::test]
async fn who_has_many_changes_of_process_still_finishes() {
    let busy = Habits {
        sends: 8 << 20,
        writes: 70_000,
        reads: 50_000,
        rests: 100,
    };
    let (end, changes) = across(busy.clone(), busy, &[500; 40]).await;
    assert_eq!(end.reason, Reason::Finished);
    assert!(changes > 1, "{changes}");
    let (end, _) = across(QUIET, QUIET, &[0; 3]).await;
    assert_eq!(end.reason, Reason::Finished);
}

fn arrived(bytes: usize, pipe: Option<Piped<OwnedFd>>) -> [Arrived; 2] {
    let up = Arrived {
        bytes: vec![0; bytes],
        pipe,
        ..Arrived::default()
    };
    [up, Arrived::default()]
}

#[test]
fn what_is_no_pipe_or_holds_something_else_is_refused() {
    let (out, into) = pipe_with(PipeFlags::NONBLOCK).unwrap();
    let (other, _writer) = pipe_with(PipeFlags::NONBLOCK).unwrap();
    rustix::io::write(&into, b"four").unwrap();
    let clone = |fd: &OwnedFd| fd.try_clone().unwrap();
    let refused = |ends, held| Transit::resumed(arrived(0, Some(Piped { ends, held }))).is_err();
    assert!(refused([clone(&out), clone(&into)], 5));
    assert!(refused([clone(&other), clone(&into)], 0));
    let file = OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
    assert!(refused([clone(&file), file], 0));
    assert!(!refused([out, into], 4));
}

#[test]
fn more_than_a_relay_holds_is_refused() {
    assert!(Transit::resumed(arrived(Transit::MOST_BYTES, None)).is_ok());
    let too_much = Transit::resumed(arrived(Transit::MOST_BYTES + 1, None));
    assert!(matches!(too_much, Err(TransitError::TooMuch(_))));
}
