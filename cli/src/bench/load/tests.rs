use std::num::NonZeroU16;
use std::sync::OnceLock;

use super::*;
use crate::bench::far;

/// The far app of all tests here, on a port of its own.
fn app() -> SocketAddr {
    static APP: OnceLock<SocketAddr> = OnceLock::new();
    *APP.get_or_init(|| far::start("127.0.0.1:0".parse().unwrap()).unwrap())
}

const SHORT: Pace = Pace {
    rtt: Duration::ZERO,
    warm_up: Duration::from_millis(20),
    length: Duration::from_millis(300),
};

fn nobody() -> Meter {
    Meter::new(Vec::new())
}

#[test]
fn every_load_has_its_first_metric_and_a_count() {
    let loads = [
        Load::Streams(NonZeroU16::new(3).unwrap()),
        Load::Connections,
        Load::Requests,
        Load::Replication(None),
        Load::Replication(EventRate::new(500)),
    ];
    for load in loads {
        let taken = load.take(app(), &nobody(), SHORT).unwrap();
        assert!(taken.window.count > 0, "{load}");
        let first = load.metrics()[0];
        let value = taken.values.iter().find(|(metric, _)| *metric == first);
        assert!(value.is_some_and(|it| it.1 > 0.0), "{load}: {taken:?}");
        for (metric, _) in taken.values {
            assert!(load.metrics().contains(&metric), "{load}: {metric:?}");
        }
    }
}

#[test]
fn every_round_has_all_percentiles_of_what_came_in_it() {
    let all = [Metric::P50, Metric::P99, Metric::P999];
    let told = |times: usize| {
        let told = percentiles(vec![2_000; times], &all);
        told.into_iter().map(|it| it.0).collect::<Vec<_>>()
    };
    assert_eq!(told(0), []);
    assert_eq!(told(1), all);
}

#[test]
fn nobody_there_is_told_at_once_and_a_stranger_is_named() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    let stranger = std::thread::spawn(move || {
        use std::io::Write;
        let (mut stream, _) = free.accept().unwrap();
        stream.write_all(b"5.7.44-log mysql\0").unwrap();
        stream
    });
    let error = greet(address, PATIENCE).unwrap_err();
    assert!(format!("{error:#}").contains("bench serve"), "{error:#}");
    drop(stranger.join().unwrap());
    // Nobody else can have an address that is bound, and nobody listens there.
    let bound = tokio::net::TcpSocket::new_v4().unwrap();
    bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let error = greet(bound.local_addr().unwrap(), PATIENCE).unwrap_err();
    assert!(format!("{error:#}").contains("connecting to"), "{error:#}");
}
