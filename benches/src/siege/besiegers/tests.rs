use std::net::TcpListener;

use super::*;

/// `refuse`'s: handshake_failure.
const ALERT: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

/// Answers each connection with the next of these, and is gone after the last.
fn server(answers: Vec<&'static [u8]>) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(answer);
        }
    };
    (address, thread::spawn(serve))
}

#[test]
fn an_answer_is_a_record_of_the_handshake() {
    assert!(is_answered(&[HANDSHAKE, 3, 3][..]));
    assert!(!is_answered(&ALERT[..]));
    assert!(!is_answered(&[][..]));
}

#[test]
fn handshakes_that_are_refused_are_not_answered() {
    let (address, served) = server(vec![&[HANDSHAKE, 3, 3], &ALERT, &[], &ALERT]);
    let handshakes = Besieger::with_handshakes(address, b"hello".to_vec(), 4);
    served.join().unwrap();
    let struck = handshakes.stop();
    assert_eq!(struck.hits, 1, "{struck:?}");
    // Nobody is there any more for whom it asks again meanwhile.
    assert!(struck.misses >= 3, "{struck:?}");
}

#[test]
fn a_rate_is_of_what_arrived() {
    let struck = |hits, misses| Struck {
        hits,
        misses,
        time: Duration::from_secs(2),
    };
    assert_eq!(struck(900, 7).rate(), 450.0);
    assert_eq!(struck(0, 7).rate(), 0.0);
    assert_eq!(Struck::default().rate(), 0.0);
}

#[test]
fn garbage_that_nobody_takes_is_not_thrown() {
    // Nobody listens there any more.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let garbage = Besieger::with_garbage(address);
    thread::sleep(PAUSE * 50);
    let struck = garbage.stop();
    assert_eq!(struck.hits, 0, "{struck:?}");
    assert!(struck.misses > 0, "{struck:?}");

    let (address, served) = server(vec![&[]; 3]);
    let garbage = Besieger::with_garbage(address);
    served.join().unwrap();
    assert!(garbage.stop().hits >= 3);
}

#[test]
fn a_flood_comes_from_elsewhere_and_holds_no_more_than_it_may() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let flood = Besieger::with_strangers(listener.local_addr().unwrap(), 2);
    let mut came: Vec<_> = (0..3).map(|_| listener.accept().unwrap()).collect();
    for (_, peer) in &came {
        assert_eq!(peer.ip(), ELSEWHERE);
    }
    // The third is there, and the first has been left for it.
    let (mut first, _) = came.remove(0);
    let mut said = Vec::new();
    first.read_to_end(&mut said).unwrap();
    assert_eq!(said, [HANDSHAKE]);
    drop((came, listener));
    assert!(flood.stop().hits >= 3);
}
