//! The threads that move data.

use std::io;
use std::num::NonZeroUsize;
use std::thread;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::sync::CancellationToken;

use super::BLOCKING_THREADS;

/// The runtime of the data path.
///
/// One thread has no use for a scheduler that deals with others, and with more of them connections go
/// to whichever is free: replication has few, and two that move much must not share a core while
/// another is idle, as they may where each core accepts for itself.
pub(super) struct DataRuntime {
    handle: Handle,
    kind: Kind,
}

enum Kind {
    One(CancellationToken),
    Several(Runtime),
}

impl DataRuntime {
    pub(super) fn start(threads: NonZeroUsize) -> io::Result<Self> {
        if threads.get() > 1 {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(threads.get()).thread_name("data");
            let runtime = builder
                .max_blocking_threads(BLOCKING_THREADS)
                .enable_all()
                .build()?;
            return Ok(Self {
                handle: runtime.handle().clone(),
                kind: Kind::Several(runtime),
            });
        }
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_name("data")
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        thread::Builder::new()
            .name("data".to_owned())
            .spawn(move || {
                runtime.block_on(stopped);
                runtime.shutdown_background();
            })?;
        Ok(Self {
            handle,
            kind: Kind::One(stop),
        })
    }

    pub(super) const fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Ends it without waiting for blocking work that nobody needs any more.
    pub(super) fn end(self) {
        match self.kind {
            Kind::One(stop) => stop.cancel(),
            Kind::Several(runtime) => runtime.shutdown_background(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spawned_runs_whatever_the_number_of_threads() {
        for threads in [1, 2] {
            let data = DataRuntime::start(NonZeroUsize::new(threads).unwrap()).unwrap();
            let (done, wait) = std::sync::mpsc::channel();
            data.handle().spawn(async move {
                tokio::task::yield_now().await;
                let name = thread::current().name().map(str::to_owned);
                done.send(name).unwrap();
            });
            assert_eq!(wait.recv().unwrap().as_deref(), Some("data"));
            data.end();
        }
    }
}
