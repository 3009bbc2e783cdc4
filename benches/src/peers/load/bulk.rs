//! Streams as fast as they go.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::TcpStream;
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
/// So many calls are made before another task has its turn.
const TURN: usize = 4;

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
        // Written over by nobody: bytes are taken without being copied.
        let room = Rc::new(RefCell::new(vec![0; BLOCK]));
        let (arrived, block) = (tally.clone(), Rc::clone(&room));
        serve(path.listen()?, &tally, move |stream| {
            let (tally, room) = (arrived.clone(), Rc::clone(&block));
            async move {
                match direction {
                    Direction::Up => take(stream, tally, room).await,
                    Direction::Down => give(stream, room).await,
                }
            }
        });
        for _ in 0..streams {
            let mut stream = path.connect().await?;
            stream.write_all(path.preamble()).await?;
            match direction {
                Direction::Up => tally.spawn(give(stream, Rc::clone(&room))),
                Direction::Down => tally.spawn(take(stream, tally.clone(), Rc::clone(&room))),
            };
        }
        tally.window(meter, pace, || ()).await
    })
}

/// Writes without end.
async fn give(stream: TcpStream, block: Rc<RefCell<Vec<u8>>>) -> anyhow::Result<()> {
    loop {
        stream.writable().await?;
        for _ in 0..TURN {
            match stream.try_write(&block.borrow()) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        yield_now().await;
    }
}

/// Takes without end, and counts. The kernel throws the bytes away (`MSG_TRUNC`, tcp(7)): a copy
/// into a buffer that nobody reads would cost more than the rest of the load.
async fn take(stream: TcpStream, tally: Tally, room: Rc<RefCell<Vec<u8>>>) -> anyhow::Result<()> {
    loop {
        stream.readable().await?;
        for _ in 0..TURN {
            let taken = stream.try_io(Interest::READABLE, || {
                let (_, n) = recv(&stream, &mut room.borrow_mut()[..], RecvFlags::TRUNC)?;
                Ok(n)
            });
            match taken {
                Ok(0) => anyhow::bail!("a stream ended early"),
                Ok(n) => tally.add(n as u64),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        yield_now().await;
    }
}
