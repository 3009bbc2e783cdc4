use std::net::Shutdown::Write;

use socket2::{SockFilter, SockRef};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::super::tests::pair;
use super::super::{Counts, End, Patience, relay};
use super::*;
use crate::reason::Reason;
use crate::socket::SocketOptions;

/// After so long an end that is silent is dead.
const UNANSWERED: Duration = Duration::from_millis(1_400);
/// Time for it to be noticed, on a machine that does other things too.
const NOTICED: Duration = Duration::from_secs(20);

fn relayed(mut downstream: TcpStream, mut upstream: TcpStream) -> JoinHandle<End> {
    let patience = Patience {
        unanswered: Some(UNANSWERED),
        ..Patience::default()
    };
    tokio::spawn(async move {
        let (counts, stop) = (Counts::default(), Default::default());
        relay(&mut downstream, &mut upstream, &counts, &patience, &stop).await
    })
}

/// Nothing that is sent to this socket arrives any more, as if its host were gone (BPF: `ret #0`).
fn vanish(socket: &TcpStream) {
    let nothing = SockFilter::new(0x06, 0, 0, 0);
    SockRef::from(socket).attach_filter(&[nothing]).unwrap();
}

async fn stuff(into: &mut TcpStream) {
    while timeout(Duration::from_millis(200), into.write_all(&[7; 1 << 16]))
        .await
        .is_ok()
    {}
}

#[tokio::test]
async fn an_upstream_that_vanishes_with_little_under_way_is_noticed() {
    let (mut app, downstream) = pair().await;
    let (upstream, server) = pair().await;
    let relay = relayed(downstream, upstream);
    vanish(&server);
    app.write_all(b"select 1").await.unwrap();
    let end = timeout(NOTICED, relay).await.unwrap().unwrap();
    assert_eq!(end.reason, Reason::UpstreamDead);
}

#[tokio::test]
async fn a_downstream_that_vanishes_in_the_middle_of_much_is_noticed() {
    let (app, downstream) = pair().await;
    let (upstream, mut server) = pair().await;
    let relay = relayed(downstream, upstream);
    server.write_all(b"greeting").await.unwrap();
    sleep(Duration::from_millis(50)).await;
    vanish(&app);
    stuff(&mut server).await;
    let end = timeout(NOTICED, relay).await.unwrap().unwrap();
    assert_eq!(end.reason, Reason::DownstreamDead);
}

#[tokio::test]
async fn an_upstream_that_vanishes_without_having_read_is_noticed() {
    let (mut app, downstream) = pair().await;
    let (upstream, server) = pair().await;
    let relay = relayed(downstream, upstream);
    stuff(&mut app).await;
    vanish(&server);
    let end = timeout(NOTICED, relay).await.unwrap().unwrap();
    assert_eq!(end.reason, Reason::UpstreamDead);
}

#[tokio::test]
async fn one_that_does_not_read_is_waited_for() {
    let (mut app, downstream) = pair().await;
    let (upstream, server) = pair().await;
    let mut relay = relayed(downstream, upstream);
    stuff(&mut app).await;
    assert!(timeout(3 * UNANSWERED, &mut relay).await.is_err());
    drop((app, server));
}

#[tokio::test]
async fn one_that_has_been_idle_for_long_owes_nothing_for_that() {
    let (mut app, downstream) = pair().await;
    let (upstream, mut server) = pair().await;
    let mut relay = relayed(downstream, upstream);
    for _ in 0..2 {
        app.write_all(b"ping").await.unwrap();
        server.write_all(b"pong").await.unwrap();
        assert!(timeout(2 * UNANSWERED, &mut relay).await.is_err());
    }
}

#[tokio::test]
async fn a_reset_is_noticed_though_the_other_side_takes_nothing() {
    let (app, downstream) = pair().await;
    let (upstream, mut server) = pair().await;
    let relay = relayed(downstream, upstream);
    stuff(&mut server).await;
    crate::socket::reset_on_close(&server);
    drop(server);
    let end = timeout(NOTICED, relay).await.unwrap().unwrap();
    assert_eq!(end.reason, Reason::UpstreamReset);
    drop(app);
}

#[tokio::test]
async fn what_came_before_a_reset_is_still_taken_by_one_who_reads() {
    let (mut app, downstream) = pair().await;
    let (upstream, mut server) = pair().await;
    let relay = relayed(downstream, upstream);
    let written = Instant::now();
    let mut sent = 0;
    while let Ok(Ok(n)) = timeout(Duration::from_millis(200), server.write(&[7; 1 << 16])).await {
        sent += n;
    }
    assert!(written.elapsed() < NOTICED);
    crate::socket::reset_on_close(&server);
    drop(server);
    // What server had not sent is lost with it; what was on this side is not.
    let mut got = 0;
    let mut buffer = vec![0; 1 << 20];
    while let Ok(n @ 1..) = tokio::io::AsyncReadExt::read(&mut app, &mut buffer).await {
        got += n;
    }
    assert!(got > 0 && got <= sent, "{got} of {sent}");
    let end = timeout(NOTICED, relay).await.unwrap().unwrap();
    assert_eq!(end.reason, Reason::UpstreamReset);
}

#[tokio::test]
async fn an_end_that_is_closed_in_order_is_not_taken_for_a_dead_one() {
    let (mut app, downstream) = pair().await;
    let (upstream, server) = pair().await;
    let mut relay = relayed(downstream, upstream);
    stuff(&mut app).await;
    // Both have finished sending; what the app has sent is not through yet.
    SockRef::from(&server).shutdown(Write).unwrap();
    app.shutdown().await.unwrap();
    assert!(timeout(2 * UNANSWERED, &mut relay).await.is_err());
    drop((app, server));
}

#[tokio::test]
async fn a_connection_at_rest_has_no_timer() {
    let (near, _far) = pair().await;
    let (other, _server) = pair().await;
    let mut vigil = Vigil::default();
    let often = Patience {
        unanswered: Some(Duration::from_millis(70)),
        ..Patience::default()
    };
    let legs = [(Side::Downstream, &near), (Side::Upstream, &other)];
    let polled = |vigil: &mut Vigil, moved| {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(vigil.poll(&mut cx, moved, &often, legs, || {}).is_pending());
        vigil.watch.is_some()
    };
    assert!(!polled(&mut vigil, false));
    assert!(polled(&mut vigil, true));
    sleep(Duration::from_millis(30)).await;
    assert!(polled(&mut vigil, false), "what has moved is looked after");
    sleep(Duration::from_millis(30)).await;
    assert!(!polled(&mut vigil, false));
}

#[tokio::test]
async fn an_upstream_is_tuned_once_the_connection_lasts() {
    let (near, _far) = pair().await;
    let (other, _server) = pair().await;
    let sockets = SocketOptions::standard();
    sockets.at_first().apply((&other).into());
    let keepalive = || SockRef::from(&other).keepalive().unwrap();
    let patience = Patience {
        unanswered: Some(Duration::from_millis(70)),
        ..Patience::default().tuning_later(sockets)
    };
    let legs = [(Side::Downstream, &near), (Side::Upstream, &other)];
    let mut vigil = Vigil::default();
    let mut polled = || {
        let mut cx = Context::from_waker(Waker::noop());
        // Nothing has moved, and nothing may ever.
        assert!(
            vigil
                .poll(&mut cx, false, &patience, legs, || {})
                .is_pending()
        );
        vigil.watch.is_some()
    };
    assert!(polled() && !keepalive());
    sleep(Duration::from_millis(30)).await;
    assert!(!polled() && keepalive());
    let idle = SockRef::from(&other).tcp_keepalive_time().unwrap();
    assert_eq!(
        Some(idle),
        sockets.keepalive.map(|keepalive| keepalive.idle)
    );
    assert!(!polled(), "and there is no timer for it any more");
}

#[tokio::test]
async fn a_pause_of_this_process_is_nobodys_silence() {
    let (mut app, downstream) = pair().await;
    let (upstream, _server) = pair().await;
    let mut relay = relayed(downstream, upstream);
    app.write_all(b"ping").await.unwrap();
    sleep(UNANSWERED / 4).await;
    // The runtime, and with it the relay, stands still, as for SIGSTOP.
    std::thread::sleep(2 * UNANSWERED);
    app.write_all(b"ping").await.unwrap();
    assert!(timeout(UNANSWERED / 2, &mut relay).await.is_err());
}
