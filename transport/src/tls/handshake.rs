//! The handshake, made by rustls one record at a time, so that what follows it is left for
//! [`record`](super::record) to open.

mod ends;
mod held;

use std::io;
use std::sync::Arc;

use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, InsufficientSizeError, UnbufferedStatus};
use rustls::{ClientConfig, HandshakeKind, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use super::config::ALPN_DOCTOR;
use super::record::Session;
use super::turns::{ANSWERED, DIALLED, STRANGERS, Turns};
use crate::admission::Clock;
use crate::client_hello::ConnectionId;
use ends::Handshaking;
use held::{MOST, MOST_OF_STRANGERS, next_record};

/// Room for a flight of handshake messages; certificates are most of it. Grows where it must.
const FLIGHT: usize = 4 * 1024;

/// A connection whose two ends know each other.
#[derive(Debug)]
pub struct Secured {
    pub(crate) session: Session,
    /// What came behind the handshake: records, not opened yet.
    pub(crate) unread: Vec<u8>,
    pub(crate) for_doctor: bool,
}

impl Secured {
    /// Whether both ends have agreed that no app is to hear of this connection
    /// ([`ALPN_DOCTOR`]).
    #[must_use]
    pub const fn is_for_doctor(&self) -> bool {
        self.for_doctor
    }
}

/// A ClientHello that was sent.
#[derive(Debug, Clone, Copy)]
pub struct SentHello {
    /// What the connection is called by whoever reads it.
    pub id: Option<ConnectionId>,
    /// When it was made: it was sent at once.
    pub at: Instant,
}

/// The client's end of a handshake.
///
/// # Errors
/// What rustls says of the peer is inside an [`io::Error`] of the kind `InvalidData`; see
/// [`HandshakeError::new`](super::HandshakeError::new). A peer that hangs up is an `UnexpectedEof`.
pub async fn connect<T: AsyncRead + AsyncWrite + Unpin>(
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    io: &mut T,
) -> io::Result<Secured> {
    connect_noting(config, name, io, &mut None).await
}

/// [`connect`], which notes its ClientHello as soon as there is one: that is of most use where the handshake
/// comes to nothing.
///
/// # Errors
/// As [`connect`].
pub async fn connect_noting<T: AsyncRead + AsyncWrite + Unpin>(
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    io: &mut T,
    hello: &mut Option<SentHello>,
) -> io::Result<Secured> {
    let connection = UnbufferedClientConnection::new(config, name).map_err(invalid)?;
    // How long an app waits is the caller's to say, whoever is waited for.
    let clock = Clock::default();
    let turns = [&DIALLED, &DIALLED];
    drive(connection, io, Vec::new(), &clock, turns, MOST, Some(hello)).await
}

/// The server's end; `read` is what was read of the client to find out who should serve it.
///
/// # Errors
/// As [`connect`].
pub async fn accept<T: AsyncRead + AsyncWrite + Unpin>(
    config: Arc<ServerConfig>,
    io: &mut T,
    read: Vec<u8>,
) -> io::Result<Secured> {
    accept_timed(config, io, read, &Clock::default()).await
}

/// [`accept`], where the client's clock stands still while it waits for its turn.
///
/// # Errors
/// As [`connect`].
pub async fn accept_timed<T: AsyncRead + AsyncWrite + Unpin>(
    config: Arc<ServerConfig>,
    io: &mut T,
    read: Vec<u8>,
    clock: &Clock,
) -> io::Result<Secured> {
    let connection = UnbufferedServerConnection::new(config).map_err(invalid)?;
    let turns = [&STRANGERS, &ANSWERED];
    drive(connection, io, read, clock, turns, MOST_OF_STRANGERS, None).await
}

fn invalid(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// What has to be done next.
enum Step {
    /// Something was done; ask again.
    Again,
    Send,
    Receive,
    Done,
    Failed(rustls::Error),
}

/// One question to rustls. It is shown `shown` bytes of `incoming`, and may take some off.
fn step<C: Handshaking>(
    connection: &mut C,
    incoming: &mut Vec<u8>,
    shown: &mut usize,
    outgoing: &mut Vec<u8>,
) -> Step {
    let (show, _) = incoming.split_at_mut(*shown);
    let UnbufferedStatus { discard, state } = connection.process(show);
    let step = match state {
        Err(error) => Step::Failed(error),
        Ok(ConnectionState::EncodeTlsData(mut data)) => {
            let start = outgoing.len();
            outgoing.resize(start + FLIGHT, 0);
            let mut encode =
                |outgoing: &mut Vec<u8>| data.encode(outgoing.get_mut(start..).unwrap_or_default());
            let encoded = match encode(outgoing) {
                Err(EncodeError::InsufficientSize(InsufficientSizeError { required_size })) => {
                    outgoing.resize(start + required_size, 0);
                    encode(outgoing)
                }
                encoded => encoded,
            };
            match encoded {
                Ok(length) => {
                    outgoing.truncate(start + length);
                    Step::Again
                }
                Err(error) => Step::Failed(rustls::Error::General(error.to_string())),
            }
        }
        Ok(ConnectionState::TransmitTlsData(data)) => {
            data.done();
            Step::Send
        }
        Ok(ConnectionState::BlockedHandshake) => Step::Receive,
        Ok(ConnectionState::WriteTraffic(_)) => Step::Done,
        // Only records up to the last of the handshake are shown.
        Ok(_) => Step::Failed(rustls::Error::HandshakeNotComplete),
    };
    incoming.drain(..discard);
    *shown -= discard;
    step
}

async fn drive<C: Handshaking, T: AsyncRead + AsyncWrite + Unpin>(
    mut connection: C,
    io: &mut T,
    mut incoming: Vec<u8>,
    clock: &Clock,
    [mut turns, after]: [&'static Turns; 2],
    most: usize,
    mut hello: Option<&mut Option<SentHello>>,
) -> io::Result<Secured> {
    let mut outgoing = Vec::with_capacity(FLIGHT);
    // How much of what came is shown to rustls: whole records, up to the one that is its turn.
    let mut shown = 0;
    let mut asked_again = false;
    loop {
        let ours = clock.ours();
        let turn = turns.next().await;
        let next = loop {
            match step(&mut connection, &mut incoming, &mut shown, &mut outgoing) {
                Step::Again => {}
                next => break next,
            }
        };
        drop((turn, ours));
        match next {
            Step::Again => {}
            Step::Send => {
                if let Some(hello) = hello.take() {
                    let (id, at) = (ConnectionId::of(&outgoing), Instant::now());
                    *hello = Some(SentHello { id, at });
                }
                io.write_all(&outgoing).await?;
                io.flush().await?;
                outgoing.clear();
                // A HelloRetryRequest is no answer yet: what it asks for costs the peer as little as the
                // first hello did, and us as much (RFC 8446, section 4.1.4).
                let retried = connection.kind() == Some(HandshakeKind::FullWithHelloRetryRequest);
                if !retried || asked_again {
                    turns = after;
                }
                asked_again = retried;
            }
            Step::Receive => shown = next_record(io, &mut incoming, shown, most).await?,
            Step::Done => {
                let for_doctor = connection.alpn() == Some(ALPN_DOCTOR);
                let session = connection.into_session()?;
                let unread = incoming;
                return Ok(Secured {
                    session,
                    unread,
                    for_doctor,
                });
            }
            Step::Failed(error) => {
                // The alert that says so is the next thing that rustls has; asked once more, it would
                // read the same bytes again. The peer may be gone already, and that is no news.
                step(&mut connection, &mut incoming, &mut shown, &mut outgoing);
                let _ = io.write_all(&outgoing).await;
                let _ = io.flush().await;
                return Err(invalid(error));
            }
        }
    }
}
