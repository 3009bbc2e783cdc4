//! A question to a server and all of its answer, on a connection of its own, in limited time.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long it is waited, and for how much.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// To connect, and for each read: whoever lets that pass does not answer.
    pub(crate) step: Duration,
    /// For all of the answer: a read may bring a byte, and the next one as well.
    pub(crate) whole: Duration,
    /// Bytes, at most.
    pub(crate) longest: u64,
}

/// Why there is no whole answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is not all there in time")]
    Unfinished,
}

/// Asks, and reads until the other side ends the connection, or has said too much.
///
/// # Errors
/// When nobody is there, or the answer breaks off, or takes too long.
pub(crate) fn exchange(
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
    let read = answer
        .by_ref()
        .take(patience.longest)
        .read_to_end(&mut said);
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
            longest: 1 << 20,
        };
        let broken = exchange(address, "question", patience).unwrap_err();
        assert!(matches!(broken, Broken::Unfinished), "{broken}");
        dripping.join().unwrap();
    }

    #[test]
    fn a_server_that_says_too_much_is_not_listened_to_any_more() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let talking = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            while stream.write_all(&[b'a'; 4096]).is_ok() {}
        });
        let patience = Patience {
            step: Duration::from_secs(20),
            whole: Duration::from_secs(20),
            longest: 10_000,
        };
        assert_eq!(
            exchange(address, "question", patience).unwrap().len(),
            10_000
        );
        talking.join().unwrap();
    }
}
