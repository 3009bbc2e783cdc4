//! Those who hold the gateway.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What an app sends.
pub(crate) const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: hello\r\n\r\n";
/// Between two pieces of garbage: a thousand a second.
const PAUSE: Duration = Duration::from_millis(1);

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
            let mut stream = TcpStream::connect_timeout(&to, Duration::from_secs(5))
                .with_context(|| format!("connecting to {to} after {}", held.len()))?;
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
    let held = Held::connect(alias, n, REQUEST)?;
    for mut stream in &held.0 {
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        ensure!(
            stream.read(&mut [0; 1024])? > 0,
            "an idle connection was closed"
        );
    }
    Ok(held)
}

/// Somebody who sends what is no TLS, again and again.
pub(crate) struct Garbage {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<usize>,
}

impl Garbage {
    pub(crate) fn start(to: SocketAddr) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut thrown: usize = 0;
            while !stopped.load(Ordering::Relaxed) {
                if let Ok(mut stream) = TcpStream::connect_timeout(&to, Duration::from_secs(5)) {
                    // Random enough, and the same each time.
                    let piece: Vec<u8> = (0..300_usize)
                        .map(|at| (at * 31 + thrown * 17 + (thrown >> 3)).to_le_bytes()[0])
                        .collect();
                    let _ = stream.write_all(&piece);
                    thrown += 1;
                }
                thread::sleep(PAUSE);
            }
            thrown
        });
        Self { stop, thread }
    }

    /// Ends it; how many pieces there were.
    pub(crate) fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

/// As many descriptors as this process, and those it starts, may have.
///
/// # Errors
/// When the limit cannot be raised.
pub(crate) fn raise_descriptors() -> anyhow::Result<()> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, raised).context("raising the limit of descriptors")
}
