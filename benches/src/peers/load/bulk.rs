//! Streams as fast as they go.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::yield_now;

use super::{Pace, Path, Tally, run, serve};
use crate::meter::{Meter, Window};

/// Which way the bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From client to server.
    Up,
    /// From server to client.
    Down,
}

/// What is written, and taken, with one call.
const BLOCK: usize = 256 << 10;
/// Takes the figure; the count is of payload bytes that have arrived.
///
/// # Errors
/// When a connection breaks, or nothing comes through.
pub(crate) fn bulk(
    path: &Path,
    direction: Direction,
    streams: usize,
    meter: &Meter,
    pace: &Pace,
) -> anyhow::Result<Window> {
    run(pace.limit(), async {
        let tally = Tally::default();
        // Nothing flows until all streams stand: the last ones would wait for long behind the first.
        let (go, all_stand) = watch::channel(false);
        // Written over by nobody: bytes are taken without being copied.
        let room = Rc::new(RefCell::new(vec![0; BLOCK]));
        let end = End {
            tally: tally.clone(),
            room,
            all_stand,
        };
        let server = end.clone();
        serve(path.listen()?, &tally, move |stream| {
            let end = server.clone();
            async move {
                match direction {
                    Direction::Up => end.take(stream).await,
                    Direction::Down => end.give(stream).await,
                }
            }
        });
        for _ in 0..streams {
            let mut stream = path.connect().await?;
            stream.write_all(path.preamble()).await?;
            match direction {
                Direction::Up => tally.spawn(end.clone().give(stream)),
                Direction::Down => tally.spawn(end.clone().take(stream)),
            };
        }
        go.send(true)?;
        tally.window(meter, pace, || ()).await
    })
}

/// What every end of a stream has.
#[derive(Clone)]
struct End {
    tally: Tally,
    room: Rc<RefCell<Vec<u8>>>,
    all_stand: watch::Receiver<bool>,
}

impl End {
    /// Writes without end.
    async fn give(mut self, stream: TcpStream) -> anyhow::Result<()> {
        self.all_stand.wait_for(|all| *all).await?;
        loop {
            stream.writable().await?;
            match stream.try_write(&self.room.borrow()) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error.into()),
            }
            yield_now().await;
        }
    }

    /// Takes without end, and counts. The kernel throws the bytes away (`MSG_TRUNC`, tcp(7)): a copy
    /// into a buffer that nobody reads would cost more than the rest of the load.
    async fn take(mut self, stream: TcpStream) -> anyhow::Result<()> {
        self.all_stand.wait_for(|all| *all).await?;
        loop {
            stream.readable().await?;
            let taken = stream.try_io(Interest::READABLE, || {
                let (_, n) = recv(&stream, &mut self.room.borrow_mut()[..], RecvFlags::TRUNC)?;
                Ok(n)
            });
            match taken {
                Ok(0) => anyhow::bail!("a stream ended early"),
                Ok(n) => self.tally.add(n as u64),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error.into()),
            }
            yield_now().await;
        }
    }
}
