//! A stage, as the process sees it that started it.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use ipnet::IpNet;

use super::error::StageError;
use super::host::StageHost;
use super::link::Link;
use super::plan::{HostPlan, StagePlan};
use super::protocol::{End, Reply, Request, send};
use super::sweep::Namespaces;

/// A running stage. When it is dropped, or this process ends in whatever way, its programs are
/// killed and its namespaces, links and mounts are gone.
///
/// The calls block for some milliseconds.
pub struct Stage {
    eastwest: PathBuf,
    hosts: Vec<String>,
    holder: Mutex<Holder>,
    holder_id: u32,
    namespaces: Option<Namespaces>,
}

struct Holder {
    process: Child,
    requests: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
}

impl Stage {
    /// Makes the hosts and networks of `plan`. `eastwest` is the path of this crate's program:
    /// [`std::env::current_exe`] within it.
    ///
    /// # Errors
    /// If the plan has a mistake, or this machine refuses what the stage needs.
    pub fn start(eastwest: &Path, plan: &StagePlan) -> Result<Self, StageError> {
        plan.check()?;
        let program = |source| StageError::Program {
            program: eastwest.to_owned(),
            source,
        };
        // Absolute, because commands may be given another current directory.
        let absolute = std::path::absolute(eastwest).map_err(program)?;
        let mut holder = Holder::spawn(&absolute).map_err(program)?;
        let holder_id = holder.process.id();
        match holder.ask(&Request::Start(plan.clone()))? {
            Reply::Done => {}
            Reply::Refused(refusal) => return Err(StageError::Refused(refusal)),
            Reply::Failed(problem) => return Err(StageError::Change(problem)),
        }
        Ok(Self {
            eastwest: absolute,
            hosts: plan.hosts.iter().map(|host| host.name.clone()).collect(),
            holder: Mutex::new(holder),
            holder_id,
            namespaces: Namespaces::of_hosts(holder_id).ok(),
        })
    }

    /// Whether a stage can be made here, found out by making a small one.
    ///
    /// # Errors
    /// As [`Stage::start`]; [`StageError::Refused`] says what the machine refuses and what to do.
    pub fn supported(eastwest: &Path) -> Result<(), StageError> {
        const ADDRESS: IpNet = IpNet::new_assert(
            std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)),
            24,
        );
        let probe = StagePlan::new()
            .network("probe")
            .host(HostPlan::new("probe").on("probe", ADDRESS));
        Self::start(eastwest, &probe).map(drop)
    }

    /// The host named `name`.
    ///
    /// # Errors
    /// If the plan had none of that name.
    pub fn host(&self, name: &str) -> Result<StageHost, StageError> {
        if !self.hosts.iter().any(|known| known == name) {
            return Err(StageError::NoSuchHost {
                name: name.to_owned(),
                known: self.hosts.clone(),
            });
        }
        Ok(StageHost {
            name: name.to_owned(),
            holder: self.holder_id,
            eastwest: self.eastwest.clone(),
        })
    }

    /// Gives a host one more address on a network it is on. To change an address, add the new one
    /// before deleting the old, so that routes through the network are kept.
    ///
    /// # Errors
    /// If the host is not on that network, or the kernel refuses.
    pub fn add_address(&self, host: &str, network: &str, address: IpNet) -> Result<(), StageError> {
        self.change(&Request::AddAddress(End::new(host, network), address))
    }

    /// Takes an address from a host.
    ///
    /// # Errors
    /// If the host does not have it.
    pub fn delete_address(
        &self,
        host: &str,
        network: &str,
        address: IpNet,
    ) -> Result<(), StageError> {
        self.change(&Request::DeleteAddress(End::new(host, network), address))
    }

    /// Cuts a host off a network, or connects it again.
    ///
    /// # Errors
    /// If the host is not on that network.
    pub fn set_link(&self, host: &str, network: &str, link: Link) -> Result<(), StageError> {
        self.change(&Request::Set(End::new(host, network), link))
    }

    fn change(&self, request: &Request) -> Result<(), StageError> {
        let mut holder = self.holder.lock().unwrap_or_else(PoisonError::into_inner);
        match holder.ask(request)? {
            Reply::Done => Ok(()),
            Reply::Failed(problem) => Err(StageError::Change(problem)),
            Reply::Refused(refusal) => Err(StageError::Refused(refusal)),
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let holder = self
            .holder
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let cleared = holder.end().is_ok_and(|status| status.success());
        // If the holder was killed, it has not killed the programs.
        if let (false, Some(namespaces)) = (cleared, &self.namespaces) {
            let _ = namespaces.kill_all();
        }
    }
}

impl Holder {
    fn spawn(eastwest: &Path) -> io::Result<Self> {
        let mut process = Command::new(eastwest)
            .arg("stage-holder")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (requests, replies) = pipes.ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self {
            process,
            requests: Some(requests),
            replies: BufReader::new(replies),
        })
    }

    fn ask(&mut self, request: &Request) -> Result<Reply, StageError> {
        self.exchange(request).map_err(|source| StageError::Gone {
            holder: self.process.id(),
            source,
        })
    }

    fn exchange(&mut self, request: &Request) -> io::Result<Reply> {
        let requests = self.requests.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        send(requests, request)?;
        let mut line = String::new();
        if self.replies.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(serde_json::from_str(&line)?)
    }

    fn end(&mut self) -> io::Result<std::process::ExitStatus> {
        self.requests = None;
        self.process.wait()
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // Waited for after a start that failed, too: nothing may be left, not even a zombie.
        let _ = self.end();
    }
}

impl End {
    fn new(host: &str, network: &str) -> Self {
        Self {
            host: host.to_owned(),
            network: network.to_owned(),
        }
    }
}
