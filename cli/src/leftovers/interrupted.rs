//! Clearing up on Ctrl-C and its like.

use std::io;
use std::path::Path;
use std::thread;

use tokio::signal::unix::{SignalKind, signal};

use super::left;
use super::survivor::Survivor;

/// Ends the survivor when it is dropped, after all that may need it.
#[must_use]
#[derive(Debug)]
pub struct Survived(());

impl Drop for Survived {
    fn drop(&mut self) {
        left().survivor = None;
    }
}

/// From now on SIGINT, SIGTERM and SIGHUP end this process with all that it has started and made.
/// It then exits with 128 and the number of the signal, as shells report it. If it is killed
/// instead, a process that survives it does the same; `eastwest` is this crate's program.
///
/// # Errors
/// When the signals cannot be listened for, or the other process does not start.
pub fn clear_when_interrupted(eastwest: &Path) -> io::Result<Survived> {
    left().survivor = Some(Survivor::start(eastwest)?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (mut interrupt, mut terminate, mut hangup) = {
        let _entered = runtime.enter();
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        )
    };
    thread::spawn(move || {
        let kind = runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => SignalKind::interrupt(),
                _ = terminate.recv() => SignalKind::terminate(),
                _ = hangup.recv() => SignalKind::hangup(),
            }
        });
        // Never given back: nothing new may be started between here and the exit.
        let mut left = left();
        left.leftovers.clear();
        left.survivor = None;
        std::process::exit(128 + kind.as_raw_value());
    });
    Ok(Survived(()))
}
