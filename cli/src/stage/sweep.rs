//! Killing whatever still runs in the namespaces of a stage.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// A process in uninterruptible sleep survives SIGKILL for a while; longer than this is reported.
const PATIENCE: Duration = Duration::from_secs(10);
/// A program that has moved to another network namespace is still found by its mounts.
const KINDS: [&str; 2] = ["net", "mnt"];

/// The namespaces of a stage's hosts. They are kept open, so that the kernel cannot give their
/// numbers to others.
pub(super) struct Namespaces {
    ids: BTreeSet<Id>,
    open: Vec<File>,
}

/// Device and inode number, which say which namespace it is (ioctl_nsfs(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Id(u64, u64);

impl From<&Metadata> for Id {
    fn from(metadata: &Metadata) -> Self {
        Self(metadata.dev(), metadata.ino())
    }
}

impl Namespaces {
    /// Those of all threads of a holder but the first, which has the bridges.
    pub(super) fn of_hosts(holder: u32) -> io::Result<Self> {
        let mut namespaces = Self {
            ids: BTreeSet::new(),
            open: Vec::new(),
        };
        for entry in fs::read_dir(format!("/proc/{holder}/task"))? {
            let thread = entry?.path();
            if thread.file_name() == Some(holder.to_string().as_ref()) {
                continue;
            }
            for kind in KINDS {
                let file = File::open(thread.join("ns").join(kind))?;
                namespaces.ids.insert(Id::from(&file.metadata()?));
                namespaces.open.push(file);
            }
        }
        Ok(namespaces)
    }

    /// Kills all processes in these namespaces but this one, and those that they start meanwhile;
    /// returns when there are none left.
    ///
    /// # Errors
    /// When one does not die, with its process id.
    pub(super) fn kill_all(&self) -> io::Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            let mut alive = None;
            for process in all_processes()? {
                // By descriptor, so that the signal cannot reach another process of the same number.
                let Ok(descriptor) = pidfd_open(process, PidfdFlags::empty()) else {
                    continue;
                };
                if self.contain(process) {
                    let _ = pidfd_send_signal(&descriptor, Signal::KILL);
                    alive = Some(process);
                }
            }
            match alive {
                None => return Ok(()),
                Some(process) if Instant::now() > end => {
                    let id = process.as_raw_nonzero();
                    let problem = format!("process {id} of the stage does not die of SIGKILL");
                    return Err(io::Error::other(problem));
                }
                Some(_) => thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    fn contain(&self, process: Pid) -> bool {
        let directory = format!("/proc/{}/ns", process.as_raw_nonzero());
        KINDS.iter().any(|kind| {
            // Other users' processes cannot be asked, and a dead one has no namespaces any more.
            fs::metadata(Path::new(&directory).join(kind))
                .is_ok_and(|metadata| self.ids.contains(&Id::from(&metadata)))
        })
    }
}

fn all_processes() -> io::Result<impl Iterator<Item = Pid>> {
    let own = i32::try_from(process::id()).ok();
    Ok(fs::read_dir("/proc")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
        .filter(move |id| Some(*id) != own)
        .filter_map(Pid::from_raw))
}
