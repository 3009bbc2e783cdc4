//! Those who hold the gateway.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};

/// What an app sends.
pub(crate) const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: hello\r\n\r\n";
/// Longer than any of the servers' deadlines.
const PATIENCE: Duration = Duration::from_secs(20);
/// Idle connections that are opened together: they are what is there before a siege, and no part of it.
const AT_ONCE: usize = 200;
/// Between a piece of garbage and the next connection: fewer than a thousand a second, by what connecting
/// takes.
const PAUSE: Duration = Duration::from_millis(1);

/// Where a flood comes from: nobody else does.
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 66, 6, 6));

/// The first byte of a TLS record with a message of a handshake (RFC 8446, 5.1).
pub(crate) const HANDSHAKE: u8 = 22;

/// Connections that are held.
pub(crate) struct Held(Vec<TcpStream>);

impl Held {
    /// Opens so many, says `word` on each and leaves them alone. Those that are refused count as held:
    /// that is for the gateway to decide.
    ///
    /// # Errors
    /// When this process can open no more.
    pub(crate) fn connect(to: SocketAddr, n: usize, word: &[u8]) -> anyhow::Result<Self> {
        let mut held = Vec::with_capacity(n);
        for _ in 0..n {
            let mut stream = match TcpStream::connect_timeout(&to, PATIENCE) {
                // Thrown out before it was seen here that it was let in.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => continue,
                connected => {
                    connected.with_context(|| format!("connecting to {to} after {}", held.len()))?
                }
            };
            // One that is gone already has been thrown out.
            let _ = stream.write_all(word);
            held.push(stream);
        }
        Ok(Self(held))
    }

    /// How many are still there.
    pub(crate) fn count_alive(&self) -> usize {
        let alive = |mut stream: &TcpStream| {
            stream.set_nonblocking(true).is_ok()
                && matches!(stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
        };
        self.0.iter().filter(|stream| alive(stream)).count()
    }
}

/// Connections over the whole path that have carried one request and are left alone.
///
/// # Errors
/// When one is refused.
pub(crate) fn idle(alias: SocketAddr, n: usize) -> anyhow::Result<Held> {
    let mut all = Held(Vec::with_capacity(n));
    while all.0.len() < n {
        let held = Held::connect(alias, AT_ONCE.min(n - all.0.len()), REQUEST)?;
        for mut stream in &held.0 {
            stream.set_read_timeout(Some(PATIENCE))?;
            let read = stream.read(&mut [0; 1024]).context("an idle connection")?;
            ensure!(read > 0, "an idle connection was closed");
        }
        all.0.extend(held.0);
    }
    Ok(all)
}

/// How often somebody struck, and for how long.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Struck {
    /// With effect: what was meant to arrive did, or got what it was meant to get.
    pub(crate) hits: usize,
    /// Without.
    pub(crate) misses: usize,
    pub(crate) time: Duration,
}

impl Struck {
    /// Hits a second.
    pub(crate) fn rate(&self) -> f64 {
        if self.hits == 0 {
            return 0.0;
        }
        self.hits as f64 / self.time.as_secs_f64()
    }
}

/// Somebody who goes on until told to stop.
pub(crate) struct Besieger {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Struck>,
}

impl Besieger {
    fn start(mut strike: impl FnMut(&mut Struck) + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let (mut struck, begun) = (Struck::default(), Instant::now());
            while !stopped.load(Ordering::Relaxed) {
                strike(&mut struck);
            }
            struck.time = begun.elapsed();
            struck
        });
        Self { stop, thread }
    }

    /// Sends what is no TLS, again and again.
    pub(crate) fn with_garbage(to: SocketAddr) -> Self {
        Self::start(move |thrown| {
            thread::sleep(PAUSE);
            let Ok(mut stream) = TcpStream::connect_timeout(&to, PATIENCE) else {
                thrown.misses += 1;
                return;
            };
            // Random enough, and the same each time.
            let piece: Vec<u8> = (0..300_usize)
                .map(|at| (at * 31 + thrown.hits * 17 + (thrown.hits >> 3)).to_le_bytes()[0])
                .collect();
            match stream.write_all(&piece) {
                Ok(()) => thrown.hits += 1,
                Err(_) => thrown.misses += 1,
            }
        })
    }

    /// Says one byte on a connection from an address of its own, as fast as it can, and leaves one only when it
    /// has so many.
    pub(crate) fn with_strangers(to: SocketAddr, most: usize) -> Self {
        let mut held = VecDeque::with_capacity(most);
        Self::start(move |came| {
            if held.len() >= most {
                held.pop_front();
            }
            match say_a_byte(ELSEWHERE, to) {
                Ok(socket) => {
                    came.hits += 1;
                    held.push_back(socket);
                }
                Err(_) => came.misses += 1,
            }
        })
    }

    /// Begins handshakes, so many at a time, and is gone when the server has computed its part: what it
    /// costs the server is a hundred times what it costs this. Those that are refused or ended are misses.
    pub(crate) fn with_handshakes(to: SocketAddr, hello: Vec<u8>, at_once: usize) -> Self {
        Self::start(move |shaken| {
            let crowd = Held::connect(to, at_once, &hello).map_or(Vec::new(), |held| held.0);
            let answered = crowd.into_iter().filter(|stream| {
                let _ = stream.set_read_timeout(Some(PATIENCE));
                is_answered(stream)
            });
            let answered = answered.count();
            shaken.hits += answered;
            shaken.misses += at_once - answered;
        })
    }

    /// Ends it; how it went.
    pub(crate) fn stop(self) -> Struck {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

fn say_a_byte(from: IpAddr, to: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(from, 0).into())?;
    socket.connect_timeout(&to.into(), PATIENCE)?;
    socket.send(&[HANDSHAKE])?;
    Ok(socket)
}

/// Whether a handshake is gone on with. An alert costs a server nothing, and is no answer.
fn is_answered(mut stream: impl Read) -> bool {
    let mut first = [0];
    matches!(stream.read(&mut first), Ok(1)) && first == [HANDSHAKE]
}

/// As many descriptors as this process, and those it starts, may have; how many that is.
///
/// # Errors
/// When the limit cannot be raised.
pub(crate) fn raise_descriptors() -> anyhow::Result<u64> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, raised).context("raising the limit of descriptors")?;
    Ok(maximum.unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
