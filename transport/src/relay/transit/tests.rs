use std::time::Duration;

use rustix::pipe::{PipeFlags, pipe_with};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::reason::Reason;
use crate::relay::Counts;

mod standing;
mod whole;

use standing::standing;

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
