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
