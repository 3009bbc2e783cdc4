use super::*;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use socket2::{Domain, Socket, Type};
use tokio::runtime::Builder;

/// More than may be open at a time, and less than the kernel keeps in the queue of a listener of `std`.
const CROWD: usize = BOUNDS.in_all + 50;

/// Clients, in the order in which they connect. Some ask at once.
struct Clients {
    listener: std::net::TcpListener,
    silent: Vec<TcpStream>,
    probe: Option<TcpStream>,
}

impl Clients {
    fn new() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self {
            listener,
            silent: Vec::new(),
            probe: None,
        }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.listener.local_addr().unwrap()).unwrap()
    }

    fn silent(mut self, number: usize) -> Self {
        self.silent = (0..number).map(|_| self.connect()).collect();
        self
    }

    fn probe(mut self) -> Self {
        let mut probe = self.connect();
        probe
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        self.probe = Some(probe);
        self
    }

    /// What the probe is answered by a server that finds all of them in its queue.
    fn answer(self, runtime: &mut Builder) -> io::Result<String> {
        let runtime = runtime.enable_all().build().unwrap();
        let (listener, mut probe) = (self.listener, self.probe.unwrap());
        runtime.block_on(async {
            let handler: Handler = Arc::new(|_, _| text(StatusCode::OK, "alive"));
            let retirement = (CancellationToken::new(), TaskTracker::new());
            serve(listener, handler, async {}, retirement).unwrap();
            let reading = tokio::task::spawn_blocking(move || {
                let mut answer = String::new();
                probe.read_to_string(&mut answer).map(|_| answer)
            });
            reading.await.unwrap()
        })
    }
}

#[test]
fn a_probe_in_front_of_a_crowd_that_says_nothing_is_answered() {
    for runtime in [
        &mut Builder::new_current_thread(),
        Builder::new_multi_thread().worker_threads(1),
        Builder::new_multi_thread().worker_threads(2),
    ] {
        let answer = Clients::new().probe().silent(CROWD).answer(runtime);
        let answer = answer.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
}

#[test]
fn a_probe_behind_a_crowd_that_says_nothing_does_not_wait_for_it() {
    let clients = Clients::new().silent(CROWD).probe();
    let begun = Instant::now();
    let answer = clients.answer(&mut Builder::new_current_thread()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(begun.elapsed() < HEAD_TIME, "{:?}", begun.elapsed());
}

#[test]
fn one_address_that_holds_what_it_can_does_not_push_out_another_that_is_slow_to_ask() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let handler: Handler = Arc::new(|_, _| text(StatusCode::OK, "alive"));
    let retirement = (CancellationToken::new(), TaskTracker::new());
    serve(listener, handler, async {}, retirement).unwrap();
    let from = |last| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let source = SocketAddr::from(([127, 0, 0, last], 0));
        socket.bind(&source.into()).unwrap();
        socket.connect(&address.into()).unwrap();
        TcpStream::from(socket)
    };
    let mut slow = from(1);
    slow.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    let _crowd: Vec<_> = (0..CROWD).map(|_| from(2)).collect();
    slow.write_all(b"Host: x\r\n\r\n").unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}
