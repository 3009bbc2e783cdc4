mod schedule;

use std::io::ErrorKind;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;
use crate::socket::SocketOptions;

/// app - [downstream | upstream] - server
struct Path {
    app: TcpStream,
    server: TcpStream,
    counts: Counts,
    stop: CancellationToken,
    relay: JoinHandle<End>,
}

pub(super) async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (far, _) = listener.accept().await.unwrap();
    (near, far)
}

async fn path_with(patience: Patience) -> Path {
    let (app, mut downstream) = pair().await;
    let (mut upstream, server) = pair().await;
    let counts = Counts::default();
    let stop = CancellationToken::new();
    let relay = tokio::spawn({
        let (counts, stop) = (counts.clone(), stop.clone());
        async move { relay(&mut downstream, &mut upstream, &counts, &patience, &stop).await }
    });
    Path {
        app,
        server,
        counts,
        stop,
        relay,
    }
}

fn half_closed_for(millis: u64) -> Patience {
    Patience {
        half_closed: Duration::from_millis(millis),
        ..Patience::default()
    }
}

async fn path() -> Path {
    path_with(Patience::default()).await
}

async fn reads_reset(stream: &mut TcpStream) -> bool {
    matches!(stream.read(&mut [0; 16]).await, Err(e) if e.kind() == ErrorKind::ConnectionReset)
}

#[tokio::test]
async fn bytes_pass_both_ways_and_are_counted_while_the_connection_lives() {
    let mut p = path().await;
    p.app.write_all(b"SELECT 1").await.unwrap();
    let mut got = [0; 8];
    p.server.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"SELECT 1");
    p.server.write_all(b"one").await.unwrap();
    p.app.read_exact(&mut got[..3]).await.unwrap();
    assert_eq!((p.counts.to_upstream(), p.counts.to_downstream()), (8, 3));
    assert!(!p.relay.is_finished());
}

#[tokio::test]
async fn a_server_that_speaks_first_is_heard() {
    let mut p = path().await;
    p.server.write_all(b"greeting").await.unwrap();
    let mut got = [0; 8];
    p.app.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"greeting");
}

#[tokio::test]
async fn a_fin_closes_one_direction_only() {
    let mut p = path().await;
    p.app.shutdown().await.unwrap();
    assert_eq!(p.server.read(&mut [0; 1]).await.unwrap(), 0);
    let answer = vec![7; 1 << 20];
    let writer = async {
        p.server.write_all(&answer).await.unwrap();
        p.server.shutdown().await.unwrap();
    };
    let mut got = Vec::new();
    let (_, read) = tokio::join!(writer, p.app.read_to_end(&mut got));
    read.unwrap();
    assert_eq!(got, answer);
    assert_eq!(p.relay.await.unwrap().reason, Reason::Finished);
}

#[tokio::test]
async fn a_reset_of_the_app_reaches_the_server_as_a_reset() {
    let mut p = path().await;
    p.app.set_zero_linger().unwrap();
    drop(p.app);
    assert!(reads_reset(&mut p.server).await);
    assert_eq!(p.relay.await.unwrap().reason, Reason::DownstreamReset);
}

#[tokio::test]
async fn a_reset_of_the_server_reaches_the_app_as_a_reset() {
    let mut p = path().await;
    p.server.set_zero_linger().unwrap();
    drop(p.server);
    assert!(reads_reset(&mut p.app).await);
    assert_eq!(p.relay.await.unwrap().reason, Reason::UpstreamReset);
}

#[tokio::test]
async fn a_reset_after_a_half_close_is_still_a_reset() {
    let mut p = path().await;
    p.app.shutdown().await.unwrap();
    assert_eq!(p.server.read(&mut [0; 1]).await.unwrap(), 0);
    p.server.set_zero_linger().unwrap();
    drop(p.server);
    assert!(reads_reset(&mut p.app).await);
    assert_eq!(p.relay.await.unwrap().reason, Reason::UpstreamReset);
}

#[tokio::test]
async fn what_is_under_way_survives_a_reader_that_is_slow() {
    let mut p = path().await;
    let sent: Vec<u8> = (0..8u32 << 20).map(|i| (i % 251) as u8).collect();
    let expected = sent.clone();
    let writer = tokio::spawn(async move {
        p.app.write_all(&sent).await.unwrap();
        p.app.shutdown().await.unwrap();
        p.app
    });
    let mut got = Vec::new();
    let mut piece = vec![0; 8191];
    loop {
        let n = p.server.read(&mut piece).await.unwrap();
        if n == 0 {
            break;
        }
        got.extend_from_slice(&piece[..n]);
        tokio::task::yield_now().await;
    }
    assert!(
        got == expected,
        "{} of {} bytes, or other ones",
        got.len(),
        expected.len()
    );
    drop(p.server);
    drop(writer.await.unwrap());
    assert_eq!(p.relay.await.unwrap().reason, Reason::Finished);
}

#[tokio::test]
async fn a_half_closed_connection_that_falls_silent_is_ended() {
    let mut p = path_with(half_closed_for(50)).await;
    p.app.shutdown().await.unwrap();
    assert_eq!(p.relay.await.unwrap().reason, Reason::HalfCloseIdle);
    assert_eq!(p.server.read(&mut [0; 1]).await.unwrap(), 0);
    assert!(reads_reset(&mut p.server).await || p.server.write_all(b"x").await.is_err());
}

#[tokio::test]
async fn an_open_connection_may_be_silent_longer_than_the_half_close_time() {
    let mut p = path_with(half_closed_for(50)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!p.relay.is_finished());
    p.server.write_all(b"heartbeat").await.unwrap();
    p.app.read_exact(&mut [0; 9]).await.unwrap();
}

#[tokio::test]
async fn the_end_of_the_grace_time_resets_both_legs() {
    let mut p = path().await;
    p.stop.cancel();
    assert_eq!(p.relay.await.unwrap().reason, Reason::Drained);
    assert!(reads_reset(&mut p.app).await);
    assert!(reads_reset(&mut p.server).await);
}

#[tokio::test]
async fn neither_direction_starves_while_both_are_busy() {
    // Many times what a task may do before it has to yield.
    const ENOUGH: u64 = 256 << 20;
    let p = path().await;
    let (counts, stop) = (p.counts.clone(), p.stop.clone());
    for end in [p.app, p.server] {
        let (mut reader, mut writer) = end.into_split();
        tokio::spawn(async move { while let Ok(1..) = reader.read(&mut [0; 1 << 16]).await {} });
        tokio::spawn(async move { while writer.write_all(&[7; 1 << 16]).await.is_ok() {} });
    }
    while counts.to_upstream() + counts.to_downstream() < ENOUGH {
        tokio::task::yield_now().await;
    }
    let (up, down) = (counts.to_upstream(), counts.to_downstream());
    assert!(up.min(down) > ENOUGH / 10, "{up} up, {down} down");
    stop.cancel();
    assert_eq!(p.relay.await.unwrap().reason, Reason::Drained);
}

/// splice(2) neither takes a byte of urgent data nor passes it by. All of it is there before the relay
/// begins, so that no event of the socket follows.
#[tokio::test]
async fn urgent_data_in_a_fast_stream_stops_nothing_and_ends_nothing() {
    const PART: usize = 200 * 1024;
    for ends in [false, true] {
        let (mut app, mut downstream) = pair().await;
        let (mut upstream, mut server) = pair().await;
        SockRef::from(&app).set_send_buffer_size(8 * PART).unwrap();
        app.write_all(&[0; PART]).await.unwrap();
        let sent = SockRef::from(&app).send_out_of_band(&[9]).unwrap();
        assert_eq!(sent, 1);
        app.write_all(&[1; PART]).await.unwrap();
        if ends {
            app.shutdown().await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        let relay = tokio::spawn(async move {
            let (counts, stop) = (Counts::default(), CancellationToken::new());
            let patience = Patience::default();
            relay(&mut downstream, &mut upstream, &counts, &patience, &stop).await
        });
        // The urgent byte itself is not of the stream.
        let mut got = vec![9; 2 * PART];
        let reading = server.read_exact(&mut got);
        let read = tokio::time::timeout(Duration::from_secs(10), reading).await;
        read.unwrap().unwrap();
        let (first, second) = got.split_at(PART);
        assert!(first.iter().all(|&b| b == 0) && second.iter().all(|&b| b == 1));
        drop((app, server));
        assert_eq!(relay.await.unwrap().reason, Reason::Finished);
    }
}

#[tokio::test]
async fn the_future_of_a_relay_stays_small() {
    let ((mut app, _far), (mut server, _near)) = (pair().await, pair().await);
    let (counts, stop) = (Counts::default(), CancellationToken::new());
    let patience = Patience::default();
    let relay = relay(&mut app, &mut server, &counts, &patience, &stop);
    let size = size_of_val(&relay);
    assert!(size <= 408, "{size} bytes for each connection");
}

/// A reader that is slow to take the last bytes gets them all the same, though the relay is over.
#[tokio::test]
async fn what_is_left_of_a_finished_connection_is_delivered_to_one_who_takes_his_time() {
    const ANSWER: usize = 100 * 1024;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    let mut app = socket
        .connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (mut downstream, _) = listener.accept().await.unwrap();
    SocketOptions::standard().apply((&downstream).into());
    let (mut upstream, mut server) = pair().await;
    let relay = tokio::spawn(async move {
        let (counts, stop) = (Counts::default(), CancellationToken::new());
        relay(
            &mut downstream,
            &mut upstream,
            &counts,
            &Patience::default(),
            &stop,
        )
        .await
    });
    app.shutdown().await.unwrap();
    server.write_all(&[7; ANSWER]).await.unwrap();
    drop(server);
    assert_eq!(relay.await.unwrap().reason, Reason::Finished);
    // Longer than the kernel goes on asking a reader for whose connection nobody is there any more,
    // where it asks every three seconds at least.
    tokio::time::sleep(Duration::from_secs(12)).await;
    let mut answer = Vec::new();
    app.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer.len(), ANSWER);
}
