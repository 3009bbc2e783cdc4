//! Who says one byte and stays, from one address, keeps nobody from another out, as fast as he may come.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpSocket;

use super::*;

const FLOOD: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const PLACES: usize = 64;
/// What each of the flood's tasks holds: together more than there are places, and room in the queue of a
/// listener of `std`.
const HELD: usize = 100;
const TASKS: usize = 4;

/// A connection from this address that has said `word`.
async fn from(source: Ipv4Addr, to: SocketAddr, word: &[u8]) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((source, 0).into())?;
    let mut stream = socket.connect(to).await?;
    stream.write_all(word).await?;
    Ok(stream)
}

/// Holds the last so many connections, until it is aborted. Counts those that came.
async fn flood(to: SocketAddr, came: Arc<AtomicUsize>) {
    let mut held = VecDeque::new();
    loop {
        if let Ok(stream) = from(FLOOD, to, &[22]).await {
            came.fetch_add(1, Ordering::Relaxed);
            held.push_back(stream);
        }
        if held.len() > HELD {
            held.pop_front();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_one_byte_from_one_address_keeps_nobody_else_out() {
    let gateway = gateway(Limits::default());
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let listener = Listener::of_first_bytes(socket, SocketOptions::standard()).unwrap();
    tokio::spawn(Arc::clone(&gateway).serve_all(listener, Admission::of(PLACES)));
    let came = Arc::new(AtomicUsize::new(0));
    let floods = [(); TASKS].map(|()| tokio::spawn(flood(address, Arc::clone(&came))));
    let flooded = async {
        while came.load(Ordering::Relaxed) < TASKS * HELD {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, flooded).await.unwrap();
    let before = came.load(Ordering::Relaxed);
    let visiting = async {
        for _ in 0..20 {
            let visit = from(Ipv4Addr::LOCALHOST, address, b"GET / HTTP/1.1\r\n\r\n");
            let mut visit = visit.await.unwrap();
            // What is no TLS is hung up on at once: it has been read.
            assert!(matches!(visit.read(&mut [0]).await, Ok(0) | Err(_)));
        }
    };
    let visited = timeout(PATIENCE, visiting).await;
    let during = came.load(Ordering::Relaxed) - before;
    for flood in floods {
        flood.abort();
    }
    assert!(
        visited.is_ok(),
        "shut out; {during} of the flood came in meanwhile"
    );
    assert!(during > 0, "there was no flood");
}
