//! A long way in user space: bytes come out half a round trip after they went in, no faster than a rate.
//!
//! It is the best that a link of this length and width can do: nothing is lost, and nobody starts slowly.
//! A connection is dialled half a round trip after it came, and what its client says before it could have
//! had an answer waits for that, as with a handshake of TCP over such a way.

mod link;

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, sleep};

use super::far::listen;
use super::rate::Rate;
use link::{Link, carry};

/// A failing accept (EMFILE, ENOBUFS) is not cured by trying again at once.
const AFTER_A_FAILED_ACCEPT: Duration = Duration::from_millis(100);

/// How long the way is, and how wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    /// There and back.
    pub(super) rtt: Duration,
    /// Each direction's, for all connections together.
    pub(super) rate: Option<Rate>,
}

/// Leads from one address to another, on a thread of its own, until this process ends; gives the address
/// that it has got.
///
/// # Errors
/// When it cannot have the address.
pub(super) fn start(from: SocketAddr, to: SocketAddr, way: Way) -> anyhow::Result<SocketAddr> {
    let (tell, told) = mpsc::sync_channel(1);
    thread::Builder::new()
        .name("delay line".to_owned())
        .spawn(move || {
            // Whoever has started it waits for exactly one word.
            let say = |word: anyhow::Result<SocketAddr>| drop(tell.send(word));
            let runtime = match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return say(Err(error.into())),
            };
            LocalSet::new().block_on(&runtime, async {
                let listening = listen(from).and_then(|it| {
                    let address = it.local_addr()?;
                    Ok((it, address))
                });
                match listening {
                    Ok((listener, address)) => {
                        say(Ok(address));
                        serve(listener, to, way).await;
                    }
                    Err(error) => say(Err(error)),
                }
            });
        })?;
    told.recv().context("the delay line ended")?
}

async fn serve(listener: TcpListener, to: SocketAddr, way: Way) {
    let one_way = || Rc::new(Link::new(way.rtt / 2, way.rate));
    let (up, down) = (one_way(), one_way());
    loop {
        match listener.accept().await {
            Ok((near, _)) => {
                let (up, down) = (Rc::clone(&up), Rc::clone(&down));
                // What breaks is seen at both ends.
                spawn_local(async move { drop(relay(near, to, way, &up, &down).await) });
            }
            Err(_) => sleep(AFTER_A_FAILED_ACCEPT).await,
        }
    }
}

async fn relay(
    mut near: TcpStream,
    to: SocketAddr,
    way: Way,
    up: &Link,
    down: &Link,
) -> io::Result<()> {
    let came = Instant::now();
    near.set_nodelay(true)?;
    sleep(way.rtt / 2).await;
    let mut far = TcpStream::connect(to).await?;
    far.set_nodelay(true)?;
    let ((from_near, to_near), (from_far, to_far)) = (near.split(), far.split());
    tokio::try_join!(
        carry(from_near, to_far, up, came + way.rtt),
        carry(from_far, to_near, down, came)
    )?;
    Ok(())
}

#[cfg(test)]
mod tests;
