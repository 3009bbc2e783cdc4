//! The load generator: client and server of every connection, on one thread, so cheap that the
//! program in between is what is measured.

pub(crate) mod bulk;
pub(crate) mod connect;
pub(crate) mod crowd;
pub(crate) mod idle;
pub(crate) mod names;
pub(crate) mod probe;
pub(crate) mod question;
pub(crate) mod request;
mod wire;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Builder;
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::{sleep, timeout};

use crate::hello::Hello;
use crate::meter::{Meter, Window};

/// What a connection leads through, and what it says first.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    /// Where the client connects.
    pub(crate) entry: SocketAddr,
    /// Where the server is.
    pub(crate) backend: SocketAddr,
    /// Through a gateway a ClientHello comes first.
    pub(crate) hello: Option<Hello>,
}

/// How long a figure is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Before that, until buffers have grown.
    pub(crate) warm_up: Duration,
    /// The time that counts.
    pub(crate) length: Duration,
}

/// For connecting and the like: a program that hangs is found out.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where nothing has come through after that, nothing will.
const LATE: Duration = Duration::from_secs(10);
/// As many as the kernel lets wait.
const BACKLOG: u32 = 4096;

impl Path {
    /// What the client sends before anything else.
    fn preamble(&self) -> &[u8] {
        self.hello.as_ref().map_or(&[], |hello| hello.bytes())
    }

    fn listen(&self) -> anyhow::Result<TcpListener> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        let bound = socket.bind(self.backend);
        bound.with_context(|| format!("listening on {}", self.backend))?;
        Ok(socket.listen(BACKLOG)?)
    }

    async fn connect(&self) -> anyhow::Result<TcpStream> {
        let stream = TcpStream::connect(self.entry).await;
        let stream = stream.with_context(|| format!("connecting to {}", self.entry))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Pace {
    /// Long enough for each of so many connections to have had some turns.
    pub(crate) fn for_many(self, connections: usize) -> Self {
        let more = Duration::from_micros(200) * u32::try_from(connections).unwrap_or(u32::MAX);
        Self {
            warm_up: self.warm_up + more,
            length: self.length + more,
        }
    }

    /// All of it, with what connecting may take.
    fn limit(&self) -> Duration {
        self.warm_up + self.length + PATIENCE
    }
}

/// Runs a load to its end on this thread. Tasks that are left over end with it.
fn run<T>(limit: Duration, load: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let tasks = LocalSet::new();
    let done = tasks.block_on(&runtime, async { timeout(limit, load).await });
    done.unwrap_or_else(|_| bail!("not done after {limit:?}"))
}

/// What the tasks of a load share: the count, and the first thing that went wrong.
#[derive(Debug, Clone, Default)]
struct Tally {
    count: Rc<Cell<u64>>,
    failed: Rc<RefCell<Option<anyhow::Error>>>,
}

impl Tally {
    fn add(&self, n: u64) {
        self.count.set(self.count.get() + n);
    }

    /// Starts a task; should it end with an error, the figure is none.
    fn spawn(&self, task: impl Future<Output = anyhow::Result<()>> + 'static) -> JoinHandle<()> {
        let failed = Rc::clone(&self.failed);
        spawn_local(async move {
            if let Err(error) = task.await {
                failed.borrow_mut().get_or_insert(error);
            }
        })
    }

    fn has_failed(&self) -> bool {
        self.failed.borrow().is_some()
    }

    /// Lets the load warm up, and takes the figure. `begin` is called in between.
    async fn window(
        &self,
        meter: &Meter,
        pace: &Pace,
        begin: impl FnOnce(),
    ) -> anyhow::Result<Window> {
        sleep(pace.warm_up).await;
        begin();
        let (first, before) = (self.count.get(), meter.read()?);
        let begun = Instant::now();
        sleep(pace.length).await;
        // A machine that others keep busy may not have come to it yet.
        while self.count.get() == first && begun.elapsed() < LATE && !self.has_failed() {
            sleep(pace.length).await;
        }
        let count = self.count.get() - first;
        let window = meter.since(&before, count).context("a program ended")?;
        if let Some(error) = self.failed.borrow_mut().take() {
            return Err(error);
        }
        ensure!(count > 0, "nothing came through in {:?}", window.wall);
        Ok(window)
    }
}

/// Serves every connection with a task of its own. What goes wrong there is seen by the client, if it is
/// one of this load: a program in between may still bring connections of the load before.
fn serve<F>(listener: TcpListener, tally: &Tally, task: impl Fn(TcpStream) -> F + 'static)
where
    F: Future<Output = anyhow::Result<()>> + 'static,
{
    tally.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.context("accepting")?;
            if stream.set_nodelay(true).is_err() {
                continue;
            }
            let served = task(stream);
            spawn_local(async move { drop(served.await) });
        }
    });
}
