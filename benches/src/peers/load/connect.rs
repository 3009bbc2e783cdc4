//! New connections: made, used for one byte each way, and closed.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use anyhow::Context;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::{Pace, Path, Tally, run, serve};
use crate::hello::Hello;
use crate::meter::{Meter, Window};

/// How many are being made at a time.
const AT_ONCE: usize = 8;

/// Takes the figure; the count is of connections on which a byte has come back. Through a gateway
/// the whole handshake of mutual TLS is made, by client and server of the load generator.
///
/// # Errors
/// When one of them fails.
pub(crate) fn connect(path: &Path, meter: &Meter, pace: &Pace) -> anyhow::Result<Window> {
    run(pace.limit(), async {
        let tally = Tally::default();
        let hello = path.hello.clone();
        serve(path.listen()?, &tally, move |stream| {
            greet(stream, hello.clone())
        });
        let makers = Makers::start(path, &tally);
        let window = tally.window(meter, pace, || ()).await?;
        makers.finish().await;
        Ok(window)
    })
}

/// Those who make connections, so many at a time.
pub(super) struct Makers {
    ends: Rc<Cell<bool>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Makers {
    pub(super) fn start(path: &Path, tally: &Tally) -> Self {
        let ends = Rc::new(Cell::new(false));
        let maker = |_| {
            let making = again_and_again(path.clone(), tally.clone(), Rc::clone(&ends));
            tally.spawn(making)
        };
        let tasks = (0..AT_ONCE).map(maker).collect();
        Self { ends, tasks }
    }

    /// Lets each finish the connection that it is at. Envoy gives a tunnel whose client has gone
    /// meanwhile to the next client, which may be one of another load, with another server.
    pub(super) async fn finish(self) {
        self.ends.set(true);
        for task in self.tasks {
            // What has gone wrong is in the tally.
            let _ = task.await;
        }
    }
}

async fn again_and_again(path: Path, tally: Tally, ends: Rc<Cell<bool>>) -> anyhow::Result<()> {
    while !ends.get() {
        let stream = path.connect().await?;
        match &path.hello {
            Some(hello) => {
                let connector = TlsConnector::from(Arc::clone(&hello.tls().client));
                let stream = connector.connect(hello.name(), stream).await;
                use_once(stream.context("the client's handshake")?).await?;
            }
            None => use_once(stream).await?,
        }
        tally.add(1);
    }
    Ok(())
}

async fn use_once(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> anyhow::Result<()> {
    stream.write_all(&[1]).await?;
    let came = stream.read_exact(&mut [0]).await;
    came.context("a byte that does not come back")?;
    Ok(())
}

/// The server's end.
pub(super) async fn greet(stream: TcpStream, hello: Option<Hello>) -> anyhow::Result<()> {
    match hello {
        Some(hello) => {
            let acceptor = TlsAcceptor::from(Arc::clone(&hello.tls().server));
            let stream = acceptor.accept(stream).await;
            answer(stream.context("the server's handshake")?).await;
        }
        None => answer(stream).await,
    }
    Ok(())
}

/// However the client goes away, that is the end of its connection and no fault.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut byte = [0];
    while matches!(stream.read(&mut byte).await, Ok(1)) {
        if stream.write_all(&byte).await.is_err() {
            return;
        }
    }
}
