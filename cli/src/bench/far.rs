//! The app at the far end of a load, which gives, echoes or sends events, as it is asked.

mod events;
mod schedule;

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::timeout;

use super::wire::{MESSAGE, Wanted, hear};
pub(super) use events::LONGEST as LONGEST_EVENT;

/// What is written with one call.
const BLOCK: usize = 256 << 10;
/// As many as the kernel lets wait.
const BACKLOG: u32 = 4096;
/// Whoever has not said by then what it wants is no client.
const PATIENCE: Duration = Duration::from_secs(10);
/// A failing accept (EMFILE, ENOBUFS) is not cured by trying again at once.
const AFTER_A_FAILED_ACCEPT: Duration = Duration::from_millis(100);

/// Listens.
///
/// # Errors
/// When it cannot have the address.
pub(super) fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    };
    let listen = || -> io::Result<TcpListener> {
        let socket = socket?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().with_context(|| format!("cannot listen on {address}"))
}

/// Serves on a thread of its own, until this process ends; gives the address that it has got.
///
/// # Errors
/// When it cannot have the address.
pub(super) fn start(address: SocketAddr) -> anyhow::Result<SocketAddr> {
    let (tell, told) = mpsc::sync_channel(1);
    thread::Builder::new()
        .name("far app".to_owned())
        .spawn(move || {
            // Whoever has started it waits for exactly one word.
            let say = |word: anyhow::Result<SocketAddr>| drop(tell.send(word));
            let runtime = match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return say(Err(error.into())),
            };
            LocalSet::new().block_on(&runtime, async {
                let listening = listen(address).and_then(|it| {
                    let address = it.local_addr()?;
                    Ok((it, address))
                });
                match listening {
                    Ok((listener, address)) => {
                        say(Ok(address));
                        serve(listener).await;
                    }
                    Err(error) => say(Err(error)),
                }
            });
        })?;
    told.recv().context("the far app ended")?
}

/// Serves every connection with a task of its own.
pub(super) async fn serve(listener: TcpListener) {
    // Written over by nobody.
    let block: Rc<[u8]> = vec![7; BLOCK].into();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // What goes wrong here its client sees.
                spawn_local(answer(stream, Rc::clone(&block)));
            }
            Err(_) => tokio::time::sleep(AFTER_A_FAILED_ACCEPT).await,
        }
    }
}

async fn answer(mut stream: TcpStream, block: Rc<[u8]>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match timeout(PATIENCE, hear(&mut stream)).await?? {
        Wanted::Greeting => {
            // Until the client has gone: its end is to come first, as an app's would.
            while stream.read(&mut [0; 16]).await? > 0 {}
            Ok(())
        }
        Wanted::Bytes => {
            stream.read_u8().await?;
            loop {
                stream.write_all(&block).await?;
            }
        }
        Wanted::Echo => {
            let mut message = [0; MESSAGE];
            loop {
                stream.read_exact(&mut message).await?;
                stream.write_all(&message).await?;
            }
        }
        Wanted::Events(rate) => events::send(&mut stream, rate).await,
    }
}
