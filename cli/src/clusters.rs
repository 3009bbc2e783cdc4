//! The two clusters with everything in them: pods with apps and shims, a gateway, name servers.
//!
//! What `eastwest demo` shows and what the end-to-end tests test is this one set-up, of real
//! processes: on a [`Stage`] where namespaces are allowed, on loopback addresses elsewhere.

pub mod app;
mod calling;
mod certificates;
mod commands;
mod databases;
mod error;
mod layout;
mod loopback;
mod manifests;
pub mod open;
mod programs;
mod readiness;
mod succession;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::leftovers::{Guarded, GuardedFolder};
use crate::stage::zone::Zone;
use crate::stage::{Host, Stage, StagePlan, ThisMachine, two_clusters};
pub use app::{AppCommand, Reached, Visit};
pub use calling::Capture;
pub use certificates::Certificates;
pub use databases::{Databases, Replicated};
pub use error::ClustersError;
pub use layout::{HELLO, Layout, Pod, SECRET, SOURCE};
use loopback::LoopbackClaim;
pub use manifests::Manifests;
pub use programs::{LogDisk, Program, ProgramError};
pub use succession::Killed;

/// Time for a program to become ready. They need milliseconds; a loaded machine may need seconds.
const READY: Duration = Duration::from_secs(20);

/// Where the programs run.
enum Ground {
    Stage(Box<Stage>),
    Loopback(#[expect(dead_code, reason = "held, not used")] LoopbackClaim),
}

/// The two clusters, as far as they have been started. All of it is gone when this is dropped.
pub struct Clusters {
    // Dropped in this order: programs first, then what they run on, then their files.
    programs: BTreeMap<String, Program>,
    ground: Ground,
    eastwest: PathBuf,
    certificates: Certificates,
    manifests: Manifests,
    log_disk: LogDisk,
    counting: bool,
    /// By how they were started.
    counted: BTreeMap<String, open::Counted>,
    dir: GuardedFolder,
}

impl Clusters {
    /// Makes the hosts, the certificates and the manifests; starts nothing yet. `eastwest` is this
    /// crate's program.
    ///
    /// # Errors
    /// When namespaces are refused (for [`Layout::Stage`]), or files cannot be written.
    pub fn prepare(eastwest: &Path, layout: Layout) -> Result<Self, ClustersError> {
        match layout {
            Layout::Stage => Self::prepare_on(eastwest, &two_clusters()),
            Layout::Loopback => {
                let ground = Ground::Loopback(LoopbackClaim::take()?);
                Self::prepare_at(eastwest, layout, ground)
            }
        }
    }

    /// The same on a stage of this plan, which has all that [`two_clusters`] has, and perhaps more.
    ///
    /// # Errors
    /// When namespaces are refused, or files cannot be written.
    pub fn prepare_on(eastwest: &Path, plan: &StagePlan) -> Result<Self, ClustersError> {
        let ground = Ground::Stage(Box::new(Stage::start(eastwest, plan)?));
        Self::prepare_at(eastwest, Layout::Stage, ground)
    }

    fn prepare_at(eastwest: &Path, layout: Layout, ground: Ground) -> Result<Self, ClustersError> {
        let dir = GuardedFolder::new("eastwest-").map_err(ClustersError::TemporaryFolder)?;
        let certificates = Certificates::make(&dir.path().join("certs"))?;
        let manifests = Manifests::write(&dir.path().join("manifests"), layout)?;
        let eastwest = eastwest.to_owned();
        let clusters = Self {
            programs: BTreeMap::new(),
            ground,
            eastwest,
            certificates,
            manifests,
            log_disk: LogDisk::HasRoom,
            counting: false,
            counted: BTreeMap::new(),
            dir,
        };
        clusters.write_zone(&layout.zone()?)?;
        Ok(clusters)
    }

    /// Which addresses are in use.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        match self.ground {
            Ground::Stage(_) => Layout::Stage,
            Ground::Loopback(_) => Layout::Loopback,
        }
    }

    /// The stage, where there is one.
    #[must_use]
    pub fn stage(&self) -> Option<&Stage> {
        match &self.ground {
            Ground::Stage(stage) => Some(stage),
            Ground::Loopback(_) => None,
        }
    }

    /// A folder for files of the clusters, gone with them.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The certificates in use.
    #[must_use]
    pub const fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// The manifests in use.
    #[must_use]
    pub const fn manifests(&self) -> &Manifests {
        &self.manifests
    }

    /// A host by name.
    ///
    /// # Errors
    /// When there is no such host.
    pub fn host(&self, name: &str) -> Result<Box<dyn Host>, ClustersError> {
        Ok(match &self.ground {
            Ground::Stage(stage) => Box::new(stage.host(name)?),
            Ground::Loopback(_) => Box::new(ThisMachine),
        })
    }

    /// A command that runs `eastwest` on a host.
    ///
    /// # Errors
    /// When there is no such host.
    pub fn eastwest_on(&self, host: &str) -> Result<Command, ClustersError> {
        Ok(self.host(host)?.command(self.eastwest.as_os_str()))
    }

    /// Replaces what the DNS server of cluster A knows.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_zone(&self, zone: &Zone) -> Result<(), ClustersError> {
        let path = self.zone_file();
        zone.write(&path)
            .map_err(|source| ClustersError::File { path, source })
    }

    fn zone_file(&self) -> PathBuf {
        self.dir.path().join("cluster-a.zone")
    }

    /// Starts `command` as `name`, and waits until `ready` says so of what it has printed.
    ///
    /// # Errors
    /// When it cannot be started, ends, or does not become ready.
    pub fn start(
        &mut self,
        name: &str,
        command: Command,
        ready: impl FnMut(&str) -> bool,
    ) -> Result<(), ClustersError> {
        let mut program = Program::start_on(name, command, self.dir.path(), self.log_disk)?;
        program.await_ready(READY, ready)?;
        self.programs.insert(name.to_owned(), program);
        Ok(())
    }

    /// Fills the disk on which programs log that are started from now on, or makes room.
    pub fn set_log_disk(&mut self, disk: LogDisk) {
        self.log_disk = disk;
    }

    const fn log_disk(&self) -> LogDisk {
        self.log_disk
    }

    /// The file in which a program logs, over all its starts.
    #[must_use]
    pub fn log_of(&self, name: &str) -> PathBuf {
        self.dir.path().join(format!("{name}.log"))
    }

    /// A program that was started.
    ///
    /// # Errors
    /// When none of that name was.
    pub fn program(&mut self, name: &str) -> Result<&mut Program, ClustersError> {
        self.programs
            .get_mut(name)
            .ok_or_else(|| ClustersError::NoProgram(name.to_owned()))
    }

    /// A program that was started, to be dealt with by the caller.
    fn remove(&mut self, name: &str) -> Result<Program, ClustersError> {
        self.programs
            .remove(name)
            .ok_or_else(|| ClustersError::NoProgram(name.to_owned()))
    }

    /// The names of all programs that have been started, and not been forgotten.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.programs.keys().map(String::as_str)
    }

    /// Kills a program and forgets it.
    pub fn stop(&mut self, name: &str) {
        self.programs.remove(name);
    }

    /// Runs an app in a pod of cluster B: looks `host` up, connects, asks.
    ///
    /// # Errors
    /// When the app itself could not be run; what the app met is in the [`Visit`].
    pub fn visit(&self, from: &str, host: &str, port: u16) -> Result<Visit, ClustersError> {
        let mut command = self.eastwest_on(from)?;
        command.args(["app-visit", host, &port.to_string()]);
        if self.layout() == Layout::Loopback {
            // This machine's C library asks this machine's name server, so that the question is put
            // to the resolver by hand.
            if let Some(address) = self.ask_resolver(host)? {
                command.arg("--at").arg(address.to_string());
            }
        }
        self.json(command)
    }

    /// Tries to connect from a host to addresses.
    ///
    /// # Errors
    /// When the attempt itself could not be made.
    pub fn reach<'a>(
        &self,
        from: &str,
        targets: impl IntoIterator<Item = &'a std::net::SocketAddr>,
    ) -> Result<Vec<Reached>, ClustersError> {
        let mut command = self.eastwest_on(from)?;
        command
            .arg("app-reach")
            .args(targets.into_iter().map(ToString::to_string));
        self.json(command)
    }

    fn json<T: serde::de::DeserializeOwned>(
        &self,
        mut command: Command,
    ) -> Result<T, ClustersError> {
        let what = || format!("{:?}", command.get_args().collect::<Vec<&OsStr>>());
        let described = what();
        let output = Guarded::output(&mut command).map_err(|source| ClustersError::Run {
            what: described.clone(),
            source,
        })?;
        serde_json::from_slice(&output.stdout).map_err(|_| ClustersError::Answer {
            what: described,
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}
