//! What must not outlive this process: programs that it has started, folders that it has made.
//!
//! Destructors see to both, but a signal runs none. So what is to go is known here as well, and,
//! as SIGKILL cannot be seen coming, to a second process too: the survivor.

mod interrupted;
mod survivor;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::{Deref, DerefMut};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid,
};
use tempfile::TempDir;

pub use interrupted::clear_when_interrupted;
pub(crate) use survivor::outlive_the_terminal;
use survivor::{Left, Survivor};
pub use survivor::{LeftoversCommand, run};

/// A program in uninterruptible sleep survives SIGKILL for a while.
const DYING: Timespec = Timespec {
    tv_sec: 2,
    tv_nsec: 0,
};
/// A killed program's last writes may come between reading a folder and removing it.
const REMOVALS: usize = 20;

static LEFT: Mutex<Known> = Mutex::new(Known {
    leftovers: Leftovers::none(),
    survivor: None,
});

struct Known {
    leftovers: Leftovers,
    survivor: Option<Survivor>,
}

/// What is to go.
struct Leftovers {
    // By descriptor, so that a signal cannot reach another process of the same number.
    programs: BTreeMap<u32, OwnedFd>,
    folders: Vec<PathBuf>,
}

fn left() -> MutexGuard<'static, Known> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn descriptor(process: u32) -> io::Result<OwnedFd> {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    let process = process.ok_or_else(|| io::Error::other("a process number that is none"))?;
    Ok(pidfd_open(process, PidfdFlags::empty())?)
}

/// Whether a process has ended, or does so in time.
fn has_ended(program: &OwnedFd, time: Timespec) -> bool {
    // Its descriptor is readable then (pidfd_open(2)).
    poll(&mut [PollFd::new(program, PollFlags::IN)], Some(&time)).is_ok_and(|ready| ready > 0)
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
        // Ctrl-C in a terminal is for us: the program goes when its turn comes.
        command.process_group(0);
        // Held meanwhile, so that no interruption comes between.
        let mut left = left();
        let mut child = command.spawn()?;
        let id = child.id();
        match descriptor(id) {
            Ok(descriptor) => {
                left.leftovers.programs.insert(id, descriptor);
                left.tell(&Left::Program(id));
                Ok(Self(child))
            }
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// Runs it to its end, and gives what it has printed.
    ///
    /// # Errors
    /// When it cannot be started, or what it prints cannot be read.
    pub fn output(command: &mut Command) -> io::Result<Output> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut program = Self::spawn(command)?;
        let (out, err) = (program.stdout.take(), program.stderr.take());
        // Both at once: it may wait with one until the other is read.
        let (stdout, stderr) = thread::scope(|scope| {
            let stderr = scope.spawn(|| all_of(err));
            (all_of(out), stderr.join())
        });
        let stderr = stderr.map_err(|_| io::Error::other("reading what it prints has panicked"))?;
        Ok(Output {
            status: program.wait()?,
            stdout: stdout?,
            stderr: stderr?,
        })
    }

    /// Kills it at once, as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
        left().leftovers.programs.remove(&self.0.id());
    }
}

fn all_of(pipe: Option<impl Read>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
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
        left.leftovers.folders.push(folder.path().to_owned());
        left.tell(&Left::Folder(folder.path().as_os_str().to_owned()));
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
        left.leftovers
            .folders
            .retain(|folder| folder != self.0.path());
    }
}

impl Known {
    fn tell(&mut self, left: &Left) {
        // Somebody may have killed the survivor: then it is as if there had never been one.
        if self
            .survivor
            .as_mut()
            .is_some_and(|it| it.tell(left).is_err())
        {
            self.survivor = None;
        }
    }
}

impl Leftovers {
    const fn none() -> Self {
        Self {
            programs: BTreeMap::new(),
            folders: Vec::new(),
        }
    }

    /// Descriptors of programs that have ended are let go.
    fn forget_ended(&mut self) {
        self.programs
            .retain(|_, program| !has_ended(program, Timespec::default()));
    }

    fn clear(&self) {
        for program in self.programs.values() {
            let _ = pidfd_send_signal(program, Signal::KILL);
        }
        for program in self.programs.values() {
            has_ended(program, DYING);
            // Ours are taken out of the process table; to the survivor they are not its own.
            let _ = waitid(
                WaitId::PidFd(program.as_fd()),
                WaitIdOptions::EXITED | WaitIdOptions::NOHANG,
            );
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
