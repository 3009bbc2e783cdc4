//! Questions over TCP: many on one connection, answered as their answers come (RFC 7766).

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use eastwest_daemon::{Shares, Work, Workload};
use eastwest_transport::listener::Listener;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Semaphore, mpsc},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{config::TcpLimits, dispatch::Dispatcher, reply::Route};

/// A client that takes nothing of an answer for this long is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// One listening address.
pub(super) struct Server {
    pub(super) listener: Listener,
    pub(super) dispatcher: Arc<Dispatcher>,
    pub(super) limits: TcpLimits,
    /// Shared by all addresses.
    pub(super) connections: Arc<Shares>,
    pub(super) tasks: TaskTracker,
}

impl Server {
    pub(super) async fn serve(self, shutdown: CancellationToken) {
        loop {
            let (stream, peer) = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = shutdown.cancelled() => return,
            };
            let connection = Connection {
                dispatcher: Arc::clone(&self.dispatcher),
                limits: self.limits,
                tasks: self.tasks.clone(),
                peer,
            };
            let shutdown = shutdown.clone();
            let serve = |workload| {
                let connection = connection.run(stream, workload, shutdown);
                self.tasks.spawn(connection)
            };
            self.connections.admit(peer.ip(), serve).await;
        }
    }
}

struct Connection {
    dispatcher: Arc<Dispatcher>,
    limits: TcpLimits,
    tasks: TaskTracker,
    peer: SocketAddr,
}

impl Connection {
    /// Ends when the client has closed its side, or is idle, or takes no answers, and every
    /// question that it has asked is answered.
    async fn run(self, stream: TcpStream, workload: Workload, shutdown: CancellationToken) {
        let _open = self.dispatcher.metrics.connection();
        let peer = self.peer;
        let (from_client, to_client) = stream.into_split();
        let (answers, to_write) = mpsc::channel(self.limits.questions);
        let (read, written) = tokio::join!(
            async {
                tokio::select! {
                    read = self.read(from_client, answers, &workload) => read,
                    () = shutdown.cancelled() => Ok(()),
                }
            },
            write(to_client, to_write),
        );
        if let Err(error) = read.and(written) {
            tracing::debug!(client = %peer, %error, "DNS connection ended");
        }
    }

    async fn read(
        &self,
        mut from_client: OwnedReadHalf,
        answers: mpsc::Sender<(Vec<u8>, Work)>,
        workload: &Workload,
    ) -> io::Result<()> {
        let at_once = Arc::new(Semaphore::new(self.limits.questions));
        loop {
            let permit = Arc::clone(&at_once).acquire_owned().await;
            let next = timeout(self.limits.idle, next_message(&mut from_client));
            let message = tokio::select! {
                message = next => message,
                // Nobody is left to write answers: no need to read questions.
                () = answers.closed() => return Ok(()),
            };
            let Ok(Some(message)) = message.map_err(|_| io::ErrorKind::TimedOut)? else {
                return Ok(());
            };
            let route = Route::Tcp {
                answers: answers.clone(),
                work: workload.begin(),
            };
            if let Some(forward) = self.dispatcher.receive(message, self.peer, route).await {
                self.tasks.spawn(async move {
                    forward.await;
                    drop(permit);
                });
            }
        }
    }
}

/// A message behind its length in two octets; `None` at the end of the connection.
async fn next_message(from_client: &mut OwnedReadHalf) -> io::Result<Option<Vec<u8>>> {
    let length = match from_client.read_u16().await {
        Ok(length) => length,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut message = vec![0; usize::from(length)];
    from_client.read_exact(&mut message).await?;
    Ok(Some(message))
}

/// Until every sender is gone, or the client takes no more.
async fn write(
    mut to_client: OwnedWriteHalf,
    mut to_write: mpsc::Receiver<(Vec<u8>, Work)>,
) -> io::Result<()> {
    while let Some((message, _work)) = to_write.recv().await {
        let length = u16::try_from(message.len()).map_err(io::Error::other)?;
        let mut framed = Vec::with_capacity(message.len() + 2);
        framed.extend_from_slice(&length.to_be_bytes());
        framed.extend_from_slice(&message);
        timeout(WRITE_TIMEOUT, to_client.write_all(&framed)).await??;
    }
    Ok(())
}
