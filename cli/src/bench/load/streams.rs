//! Streams as fast as they go.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::rc::Rc;

use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::task::yield_now;

use super::opening::open_all;
use super::{Meter, Metric, Pace, Taken, Tally, gbit};
use crate::bench::wire::{GO, Wanted};

/// What is taken with one call.
const BLOCK: usize = 256 << 10;

pub(super) async fn take(
    entry: SocketAddr,
    streams: NonZeroU16,
    meter: &Meter,
    pace: Pace,
) -> anyhow::Result<Taken> {
    let tally = Tally::default();
    // Written over by nobody: bytes are taken without being copied.
    let room = Rc::new(RefCell::new(vec![0; BLOCK]));
    for mut stream in open_all(entry, Wanted::Bytes, streams.get().into(), pace).await? {
        stream.write_u8(GO).await?;
        tally.spawn(drain(stream, tally.clone(), Rc::clone(&room)));
    }
    let window = tally.window(meter, pace, u64::MAX).await?;
    Ok(Taken {
        values: vec![(Metric::Gbit, gbit(&window))],
        window,
    })
}

/// Takes without end, and counts. The kernel throws the bytes away (`MSG_TRUNC`, tcp(7)): a copy into a
/// buffer that nobody reads would cost more than the rest of the load.
async fn drain(stream: TcpStream, tally: Tally, room: Rc<RefCell<Vec<u8>>>) -> anyhow::Result<()> {
    loop {
        stream.readable().await?;
        let taken = stream.try_io(Interest::READABLE, || {
            let (_, n) = recv(&stream, &mut room.borrow_mut()[..], RecvFlags::TRUNC)?;
            Ok(n)
        });
        match taken {
            Ok(0) => anyhow::bail!("a stream ended early"),
            Ok(n) => tally.add(n as u64),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error.into()),
        }
        yield_now().await;
    }
}
