//! What the two ends of a load say to each other: first the client what it wants, then the app that it
//! is one.

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::event_rate::EventRate;

/// How both begin. Another program is not taken for the far app, nor this one for another; the last byte
/// is raised when what follows changes.
const MARK: [u8; 8] = *b"EWBENCH2";
/// What marks of all versions have in common.
const EVERY_MARK: &[u8] = b"EWBENCH";
/// The mark, the kind, and a number.
const ASKED: usize = 16;

/// A question and its answer: about as long as a small statement.
pub(super) const MESSAGE: usize = 64;
/// The head of an event: the length of its payload, and with how many times that begins.
pub(super) const EVENT_HEAD: usize = 8;
/// How long an event took until it was acknowledged, in nanoseconds.
pub(super) const TIME: usize = 8;
/// What a client says when bytes may flow: not before all its streams are open, or the first would leave
/// no time for the handshakes of the others.
pub(super) const GO: u8 = 1;
/// An acknowledgement of so many events.
pub(super) const ACK: usize = 4;

/// What a client wants of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nothing but the answer.
    Greeting,
    /// Bytes without end, from the client's word on.
    Bytes,
    /// What it says, back.
    Echo,
    /// Events without end, so many a second, or as they go.
    Events(Option<EventRate>),
}

impl Wanted {
    fn bytes(self) -> [u8; ASKED] {
        let (kind, number) = match self {
            Self::Greeting => (0, 0),
            Self::Bytes => (1, 0),
            Self::Echo => (2, 0),
            Self::Events(rate) => (3, rate.map_or(0, EventRate::get)),
        };
        let mut bytes = [0; ASKED];
        bytes[..8].copy_from_slice(&MARK);
        bytes[8] = kind;
        bytes[12..].copy_from_slice(&number.to_be_bytes());
        bytes
    }

    /// `None` where it is not one of ours.
    fn read(bytes: [u8; ASKED]) -> Option<Self> {
        let [head @ .., a, b, c, d] = bytes;
        let number = u32::from_be_bytes([a, b, c, d]);
        if head[..8] != MARK {
            return None;
        }
        Some(match head[8] {
            0 => Self::Greeting,
            1 => Self::Bytes,
            2 => Self::Echo,
            3 if number == 0 => Self::Events(None),
            3 => Self::Events(Some(EventRate::new(number)?)),
            _ => return None,
        })
    }
}

/// The client's half.
///
/// # Errors
/// When the connection breaks, or whoever answers is not the far app.
pub(super) async fn ask<S>(stream: &mut S, wanted: Wanted) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(&wanted.bytes()).await?;
    let mut answer = [0; MARK.len()];
    stream.read_exact(&mut answer).await.map_err(|error| {
        match error.kind() {
            // What a proxy says of a way that leads nowhere.
            io::ErrorKind::UnexpectedEof => io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "closed before the far app has answered, as `bench serve` of an older eastwest does",
            ),
            _ => error,
        }
    })?;
    let problem = match answer {
        MARK => return Ok(()),
        _ if answer.starts_with(EVERY_MARK) => {
            "the `eastwest bench serve` that answers is of another version: take the same at both ends"
        }
        _ => "whoever answers is not `eastwest bench serve`",
    };
    Err(io::Error::new(io::ErrorKind::InvalidData, problem))
}

/// The app's half.
///
/// # Errors
/// When the connection breaks, or the client is not one of ours.
pub(super) async fn hear<S>(stream: &mut S) -> io::Result<Wanted>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut bytes = [0; ASKED];
    stream.read_exact(&mut bytes).await?;
    let wanted = Wanted::read(bytes);
    // By the mark a client of another version knows that this is one.
    let other_version = bytes.starts_with(EVERY_MARK) && !bytes.starts_with(&MARK);
    if wanted.is_some() || other_version {
        stream.write_all(&MARK).await?;
    }
    Ok(wanted.ok_or(io::ErrorKind::InvalidData)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_what_is_heard() {
        let paced = Wanted::Events(EventRate::new(1000));
        for wanted in [
            Wanted::Greeting,
            Wanted::Bytes,
            Wanted::Echo,
            Wanted::Events(None),
            paced,
        ] {
            assert_eq!(Wanted::read(wanted.bytes()), Some(wanted));
        }
        let mut other = Wanted::Echo.bytes();
        other[8] = 9;
        assert_eq!(Wanted::read(other), None);
        assert_eq!(Wanted::read(*b"GET / HTTP/1.1\r\n"), None);
    }

    #[test]
    fn a_rate_that_nobody_can_keep_is_refused() {
        let asked = |rate: u32| {
            let mut bytes = Wanted::Events(None).bytes();
            bytes[12..].copy_from_slice(&rate.to_be_bytes());
            Wanted::read(bytes)
        };
        assert!(asked(EventRate::MOST).is_some());
        for rate in [EventRate::MOST + 1, 2_000_000_000, u32::MAX] {
            assert_eq!(asked(rate), None, "{rate}");
        }
    }

    /// What a client of this version is told by a far app that says so, and then closes.
    async fn told_by(says: &[u8]) -> io::Error {
        let (mut near, mut far) = tokio::io::duplex(64);
        let app = async {
            let mut bytes = [0; ASKED];
            far.read_exact(&mut bytes).await.unwrap();
            far.write_all(says).await.unwrap();
            drop(far);
        };
        let (asked, ()) = tokio::join!(ask(&mut near, Wanted::Echo), app);
        asked.unwrap_err()
    }

    #[tokio::test]
    async fn a_stranger_is_told_from_the_far_app() {
        let error = told_by(b"HTTP/1.1 400").await;
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(
            error.to_string().contains("is not `eastwest bench serve`"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_far_app_of_another_version_is_refused_in_words() {
        // The first one closes without a word.
        let error = told_by(b"").await;
        assert!(
            error.to_string().contains("of an older eastwest"),
            "{error}"
        );
        let error = told_by(b"EWBENCH3").await;
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(
            error.to_string().contains("the same at both ends"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_client_of_another_version_is_told_the_mark_of_this_one() {
        for version in *b"13" {
            let (mut near, mut far) = tokio::io::duplex(64);
            let mut question = Wanted::Echo.bytes();
            question[7] = version;
            near.write_all(&question).await.unwrap();
            let error = hear(&mut far).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            drop(far);
            let mut said = Vec::new();
            near.read_to_end(&mut said).await.unwrap();
            assert_eq!(said, MARK);
        }
    }
}
