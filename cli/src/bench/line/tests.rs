use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::*;

const ONE_WAY: Duration = Duration::from_millis(40);
/// Timers are of a millisecond.
const TIMER: Duration = Duration::from_millis(3);

fn rate(text: &str) -> Option<Rate> {
    Some(text.parse().unwrap())
}

/// Time is the runtime's: it passes when nobody has anything to do, and not with the machine's load.
#[tokio::test(start_paused = true)]
async fn a_byte_comes_out_half_a_round_trip_later() {
    let link = Link::new(ONE_WAY, None);
    let ((mut client, near), (far, mut app)) = (duplex(1 << 16), duplex(1 << 16));
    let begun = Instant::now();
    let ends = async {
        client.write_all(&[1]).await.unwrap();
        app.read_exact(&mut [0]).await.unwrap();
        let first = begun.elapsed();
        sleep(Duration::from_millis(7)).await;
        let again = Instant::now();
        client.write_all(&[2]).await.unwrap();
        app.read_exact(&mut [0]).await.unwrap();
        drop(client);
        assert_eq!(app.read(&mut [0]).await.unwrap(), 0, "the end comes, too");
        (first, again.elapsed())
    };
    let (carried, (first, again)) = tokio::join!(carry(near, far, &link, begun), ends);
    carried.unwrap();
    for took in [first, again / 2] {
        assert!(took >= ONE_WAY && took <= ONE_WAY + TIMER, "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_link_carries_its_rate_and_no_more() {
    let link = Link::new(ONE_WAY, rate("100Mbit"));
    let ((mut client, near), (far, mut app)) = (duplex(1 << 16), duplex(1 << 16));
    let begun = Instant::now();
    let sender = async {
        let block = vec![1; 1 << 16];
        loop {
            client.write_all(&block).await.unwrap();
        }
    };
    let receiver = async {
        // A second's worth.
        app.read_exact(&mut vec![0; 12_500_000]).await.unwrap();
        begun.elapsed()
    };
    tokio::select! {
        _ = carry(near, far, &link, begun) => panic!("it has no end"),
        () = sender => panic!("nor has this"),
        took = receiver => {
            let ideal = Duration::from_secs(1) + ONE_WAY;
            assert!(took + TIMER >= ideal, "{took:?}");
            assert!(took <= ideal.mul_f64(1.05), "{took:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn two_connections_share_the_rate() {
    let link = Link::new(ONE_WAY, rate("100Mbit"));
    let begun = Instant::now();
    let one = || async {
        let ((mut client, near), (far, mut app)) = (duplex(1 << 16), duplex(1 << 16));
        let ends = async {
            let (sent, came) = (vec![1; 1_250_000], &mut vec![0; 1_250_000]);
            let (sent, came) = tokio::join!(client.write_all(&sent), app.read_exact(came));
            sent.unwrap();
            came.unwrap();
            drop(client);
        };
        let (carried, ()) = tokio::join!(carry(near, far, &link, begun), ends);
        carried.unwrap();
        begun.elapsed()
    };
    let (first, second) = tokio::join!(one(), one());
    // Each alone would take a tenth of a second.
    for took in [first, second] {
        assert!(took >= Duration::from_millis(190), "{took:?}");
        assert!(took <= Duration::from_millis(300), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_is_bounded() {
    let link = Link::new(ONE_WAY, rate("100Mbit"));
    let ((mut client, near), (far, _app)) = (duplex(1), duplex(1));
    let mut sent = 0;
    let sender = async {
        loop {
            client.write_all(&[1]).await.unwrap();
            sent += 1;
        }
    };
    tokio::select! {
        _ = carry(near, far, &link, Instant::now()) => panic!("nobody takes anything"),
        () = sender => panic!("it has no end"),
        () = sleep(Duration::from_secs(5)) => {}
    }
    // One byte in each pipe beside it.
    assert!(sent <= link.room() + 2, "{sent} of {}", link.room());
    assert!(sent >= link.room() / 2, "{sent} of {}", link.room());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_a_handshake_could_have_been_made() {
    let link = Link::new(ONE_WAY, None);
    let ((mut client, near), (far, mut app)) = (duplex(64), duplex(64));
    let begun = Instant::now();
    let ends = async {
        client.write_all(&[1]).await.unwrap();
        app.read_exact(&mut [0]).await.unwrap();
        let took = begun.elapsed();
        drop(client);
        took
    };
    let (carried, took) = tokio::join!(carry(near, far, &link, begun + 2 * ONE_WAY), ends);
    carried.unwrap();
    assert!(took >= 3 * ONE_WAY, "{took:?}");
}

/// Over real sockets, in real time: never sooner than the way is long.
#[test]
fn a_request_over_a_real_line_takes_a_round_trip_and_a_new_connection_two() {
    use crate::bench::{far, load};

    let any = "127.0.0.1:0".parse().unwrap();
    let app = far::start(any).unwrap();
    let rtt = Duration::from_millis(30);
    let entry = start(any, app, Way { rtt, rate: None }).unwrap();
    let begun = std::time::Instant::now();
    load::greet(entry, Duration::from_secs(20)).unwrap();
    assert!(begun.elapsed() >= 2 * rtt, "{:?}", begun.elapsed());
    let pace = load::Pace {
        rtt,
        warm_up: Duration::ZERO,
        length: Duration::from_millis(200),
    };
    let meter = load::Meter::new(Vec::new());
    let taken = load::Load::Requests.take(entry, &meter, pace).unwrap();
    let (_, p50) = taken.values[0];
    assert!(p50 >= 30_000.0, "{taken:?}");
}
