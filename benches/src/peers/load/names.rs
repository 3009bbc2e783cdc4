//! The name server that our gateway asks for pods: every name has one address.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::wire::answer;

/// How soon it notices that it is to end.
const LOOK: Duration = Duration::from_millis(250);

/// It runs on a thread of its own until this is dropped.
#[derive(Debug)]
pub(crate) struct NameServer {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl NameServer {
    /// Starts it.
    ///
    /// # Errors
    /// When it cannot have the address.
    pub(crate) fn start(listen: SocketAddr, address: IpAddr) -> io::Result<Self> {
        let IpAddr::V4(address) = address else {
            return Err(io::Error::other("only IPv4 is measured"));
        };
        let socket = UdpSocket::bind(listen)?;
        socket.set_read_timeout(Some(LOOK))?;
        let ends = Arc::new(AtomicBool::new(false));
        let ending = Arc::clone(&ends);
        let thread = thread::spawn(move || {
            let mut packet = [0; 1500];
            while !ending.load(Ordering::Relaxed) {
                let Ok((n, from)) = socket.recv_from(&mut packet) else {
                    continue;
                };
                if let Some(answer) = packet.get(..n).and_then(|asked| answer(asked, address)) {
                    // Whoever asked and has gone has no use for it.
                    let _ = socket.send_to(&answer, from);
                }
            }
        });
        Ok(Self {
            ends,
            thread: Some(thread),
        })
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
