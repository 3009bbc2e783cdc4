//! Ctrl-C: the demo leaves nothing behind.

use std::io;
use std::path::PathBuf;
use std::thread;

use tokio::signal::unix::{SignalKind, signal};

use crate::clusters::kill_programs;

/// What shells report for a program that SIGINT has ended.
const INTERRUPTED: i32 = 130;

/// From now on, SIGINT and SIGTERM end this process with everything that it has started, and remove
/// `dir`. The namespaces go with the process.
pub(super) fn clean_up_when_interrupted(dir: PathBuf) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (mut interrupt, mut terminate) = {
        let _entered = runtime.enter();
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        )
    };
    thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        kill_programs();
        let _ = std::fs::remove_dir_all(dir);
        std::process::exit(INTERRUPTED);
    });
    Ok(())
}
