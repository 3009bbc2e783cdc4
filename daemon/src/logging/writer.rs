//! Writes log lines on a thread of its own.
//!
//! A collector that has stopped reading fills the pipe, and a full disk refuses the write; neither
//! may block a thread that moves data. So lines wait in a bounded queue, and are dropped and counted
//! when it is full (`eastwest_log_lines_dropped_total`).

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait; at some 300 bytes each about 1 MiB.
const QUEUE: usize = 4096;

/// Bytes collected into one write where lines come faster than they are written.
const BATCH: usize = 64 * 1024;

/// The queue's entrance; clones are the same queue. Each `write` has to be one whole line, which is
/// how the formatting layer calls it.
#[derive(Debug, Clone)]
pub(super) struct LineWriter {
    queue: SyncSender<Vec<u8>>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    queued: AtomicU64,
    written: AtomicU64,
    dropped: AtomicU64,
}

impl LineWriter {
    /// Starts the thread, which writes to `out` until the last clone is gone.
    pub(super) fn start(out: impl Write + Send + 'static) -> Self {
        let (queue, lines) = sync_channel(QUEUE);
        let counts = Arc::new(Counts::default());
        let written = Arc::clone(&counts);
        let thread = std::thread::Builder::new().name("log".to_owned());
        // Without the thread the queue is closed and every line counts as dropped.
        let _ = thread.spawn(move || write_all(&lines, out, &written));
        Self { queue, counts }
    }

    /// Waits until what is queued now has been written, but no longer than `at_most`.
    pub(super) fn flush(&self, at_most: Duration) {
        let queued = self.counts.queued.load(Ordering::Acquire);
        let begun = Instant::now();
        while self.counts.written.load(Ordering::Acquire) < queued && begun.elapsed() < at_most {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn write_all(lines: &Receiver<Vec<u8>>, mut out: impl Write, counts: &Counts) {
    let mut batch = Vec::new();
    let mut reported = 0;
    while let Ok(line) = lines.recv() {
        batch.extend_from_slice(&line);
        let mut count = 1;
        while batch.len() < BATCH {
            match lines.try_recv() {
                Ok(line) => batch.extend_from_slice(&line),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
            count += 1;
        }
        // A full disk or a closed pipe: there is no better place to say so.
        let _ = out.write_all(&batch);
        batch.clear();
        counts.written.fetch_add(count, Ordering::Release);
        reported = report(counts, reported);
    }
}

fn report(counts: &Counts, reported: u64) -> u64 {
    let dropped = counts.dropped.load(Ordering::Relaxed);
    if dropped > reported {
        let lines = dropped - reported;
        metrics::counter!(crate::metrics::DROPPED_LINES).increment(lines);
        tracing::warn!(
            lines,
            "log lines were dropped: whoever reads standard error is too slow"
        );
    }
    dropped
}

impl Write for LineWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // Counted first, so that a flush never sees more written than queued.
        self.counts.queued.fetch_add(1, Ordering::AcqRel);
        if self.queue.try_send(line.to_vec()).is_err() {
            self.counts.queued.fetch_sub(1, Ordering::AcqRel);
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LineWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
