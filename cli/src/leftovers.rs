//! What must not outlive this process: programs that it has started, folders that it has made.
//!
//! Destructors see to both, but a signal runs none. So what is to go is known here as well.

use std::collections::BTreeMap;
use std::io;
use std::ops::{Deref, DerefMut};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

/// A program in uninterruptible sleep survives SIGKILL for a while.
const DYING: Timespec = Timespec {
    tv_sec: 2,
    tv_nsec: 0,
};
/// A killed program's last writes may come between reading a folder and removing it.
const REMOVALS: usize = 20;

static LEFT: Mutex<Leftovers> = Mutex::new(Leftovers {
    programs: BTreeMap::new(),
    folders: Vec::new(),
});

struct Leftovers {
    // By descriptor, so that a signal cannot reach another process of the same number.
    programs: BTreeMap<u32, OwnedFd>,
    folders: Vec<PathBuf>,
}

fn left() -> MutexGuard<'static, Leftovers> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn descriptor(process: u32) -> io::Result<OwnedFd> {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    let process = process.ok_or_else(|| io::Error::other("a process number that is none"))?;
    Ok(pidfd_open(process, PidfdFlags::empty())?)
}

/// A program that is killed when this is dropped, and when this process is interrupted.
#[derive(Debug)]
pub struct Guarded(Child);

impl Guarded {
    /// Starts it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        // Held meanwhile, so that no interruption comes between.
        let mut left = left();
        let mut child = command.spawn()?;
        let id = child.id();
        match descriptor(id) {
            Ok(descriptor) => {
                left.programs.insert(id, descriptor);
                Ok(Self(child))
            }
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// Kills it at once, as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
        left().programs.remove(&self.0.id());
    }
}

impl Deref for Guarded {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Guarded {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A folder that is removed when this is dropped, and when this process is interrupted.
#[derive(Debug)]
pub struct GuardedFolder(TempDir);

impl GuardedFolder {
    /// Makes one among the system's temporary files.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(prefix: &str) -> io::Result<Self> {
        let mut left = left();
        let folder = tempfile::Builder::new().prefix(prefix).tempdir()?;
        left.folders.push(folder.path().to_owned());
        Ok(Self(folder))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for GuardedFolder {
    fn drop(&mut self) {
        let mut left = left();
        let _ = std::fs::remove_dir_all(self.0.path());
        left.folders.retain(|folder| folder != self.0.path());
    }
}

/// From now on SIGINT, SIGTERM and SIGHUP end this process with all that it has started and made.
/// It then exits with 128 and the number of the signal, as shells report it.
///
/// # Errors
/// When the signals cannot be listened for.
pub fn clear_when_interrupted() -> io::Result<()> {
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
        let left = left();
        left.clear();
        std::process::exit(128 + kind.as_raw_value());
    });
    Ok(())
}

impl Leftovers {
    fn clear(&self) {
        for program in self.programs.values() {
            let _ = pidfd_send_signal(program, Signal::KILL);
        }
        for program in self.programs.values() {
            // A process's descriptor is readable once it has ended (pidfd_open(2)).
            let _ = poll(&mut [PollFd::new(program, PollFlags::IN)], Some(&DYING));
        }
        for folder in &self.folders {
            for _ in 0..REMOVALS {
                if std::fs::remove_dir_all(folder).is_ok() || !folder.exists() {
                    break;
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
}
