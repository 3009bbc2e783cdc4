//! A few words over a TLS connection that no relay carries.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::handshake::Secured;
use super::record::{MOST_PLAINTEXT, MOST_RECORD, Opened, Session};

/// A connection for questions and answers.
#[derive(Debug)]
pub struct Talk<T> {
    io: T,
    session: Box<Session>,
    unread: Vec<u8>,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Talk<T> {
    /// The connection `io`, on which `secured` was agreed.
    pub fn new(io: T, secured: Secured) -> Self {
        Self {
            io,
            session: Box::new(secured.session),
            unread: secured.unread,
        }
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// The connection's.
    pub async fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        let frame = self.session.frame();
        for piece in bytes.chunks(MOST_PLAINTEXT) {
            if let Some(before) = self.session.before_data()? {
                self.io.write_all(before.bytes()).await?;
            }
            let mut record = vec![0; frame.front];
            record.extend_from_slice(piece);
            record.resize(record.len() + frame.back, 0);
            self.session.seal(&mut record)?;
            self.io.write_all(&record).await?;
        }
        self.io.flush().await
    }

    /// What the peer says next, at most a record; nothing at its end.
    ///
    /// # Errors
    /// The connection's, and TLS's: [`peer_alert`](super::peer_alert) knows a refusal.
    pub async fn hear(&mut self) -> io::Result<Vec<u8>> {
        loop {
            match self.session.open(&mut self.unread)? {
                Opened::Record { plaintext, record } => {
                    let said = self.unread.get(plaintext).unwrap_or_default().to_vec();
                    self.unread.drain(..record);
                    if !said.is_empty() {
                        return Ok(said);
                    }
                }
                Opened::End => return Ok(Vec::new()),
                Opened::Partial => {
                    self.unread.reserve(MOST_RECORD);
                    if self.io.read_buf(&mut self.unread).await? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
            }
        }
    }

    /// All that the peer says until its end, or until it is `most` bytes or more.
    ///
    /// # Errors
    /// As [`hear`](Self::hear).
    pub async fn hear_all(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        while all.len() < most {
            let said = self.hear().await?;
            if said.is_empty() {
                break;
            }
            all.extend(said);
        }
        Ok(all)
    }

    /// Says that nothing follows, and ends the connection in this direction.
    ///
    /// # Errors
    /// The connection's.
    pub async fn end(&mut self) -> io::Result<()> {
        let close = self.session.close()?;
        self.io.write_all(close.bytes()).await?;
        self.io.shutdown().await
    }
}
