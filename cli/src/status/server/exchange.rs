//! A question to a server and all of its answer, on a connection of its own, in limited time.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Longest answer: some ten times that of a gateway with as much to tell as it tells at once.
pub(super) const LONGEST: u64 = 32 << 20;

/// How long it is waited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// To connect, and for each read: whoever lets that pass does not answer.
    pub(super) step: Duration,
    /// For all of the answer: a read may bring a byte, and the next one as well.
    pub(super) whole: Duration,
}

/// Why there is no whole answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is not all there in time")]
    Unfinished,
}

/// Asks, and reads until the other side ends the connection, or has said too much.
///
/// # Errors
/// When nobody is there, or the answer breaks off, or takes too long.
pub(super) fn exchange(
    address: SocketAddr,
    question: &str,
    patience: Patience,
) -> Result<Vec<u8>, Broken> {
    let mut stream = TcpStream::connect_timeout(&address, patience.step)?;
    stream.set_write_timeout(Some(patience.step))?;
    // At once: whoever is no server of ours may answer the first of it, and hang up.
    stream.write_all(question.as_bytes())?;
    let mut answer = Answer {
        stream,
        patience,
        begun: Instant::now(),
    };
    let mut said = Vec::new();
    let read = answer.by_ref().take(LONGEST).read_to_end(&mut said);
    match read {
        Ok(_) => Ok(said),
        Err(_) if answer.left().is_zero() => Err(Broken::Unfinished),
        Err(error) => Err(error.into()),
    }
}

/// What comes, until its time is over.
struct Answer {
    stream: TcpStream,
    patience: Patience,
    begun: Instant,
}

impl Answer {
    fn left(&self) -> Duration {
        self.patience.whole.saturating_sub(self.begun.elapsed())
    }
}

impl Read for Answer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left();
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let limit = left.min(self.patience.step);
        self.stream.set_read_timeout(Some(limit))?;
        self.stream.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn a_server_that_drips_is_not_listened_to_for_ever() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let dripping = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // Until nobody listens any more.
            while stream.write_all(b"a").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        });
        let patience = Patience {
            step: Duration::from_secs(20),
            whole: Duration::from_millis(300),
        };
        let broken = exchange(address, "question", patience).unwrap_err();
        assert!(matches!(broken, Broken::Unfinished), "{broken}");
        dripping.join().unwrap();
    }
}
