//! What everything stands on: a network namespace, one CPU or two, a congestion control without
//! timers, and as many descriptors as there may be.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail, ensure};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use rustix::net::sockopt::tcp_congestion;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;

/// BBR, which some systems have as their default, paces by timers that loopback does not need.
const CONGESTION: &str = "cubic";

/// Least, first and most bytes of a socket buffer.
const SMALL: &str = "4096 131072 524288";

/// Where programs and load run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Ground {
    /// The CPUs of the programs that are measured.
    pub(crate) program_cpus: Vec<usize>,
    /// The CPU of the load generator.
    pub(crate) load_cpu: usize,
    /// The congestion control that connections really have.
    pub(crate) congestion: String,
    /// Loopback's packet size.
    pub(crate) mtu: u32,
    /// How many descriptors a process may have.
    pub(crate) descriptors: u64,
}

/// A command that becomes `program` in a network namespace of its own, with its network to set up.
pub(crate) fn apart(program: &Path) -> Command {
    let mut command = Command::new("unshare");
    if !nix::unistd::geteuid().is_root() {
        // Not as its root: programs would try to become somebody else, and there is nobody else.
        command.args(["--user", "--map-current-user", "--keep-caps"]);
    }
    // Of mounts too, so that a hierarchy of cgroups that is mounted inside goes with the run.
    command.args(["--net", "--mount", "--"]).arg(program);
    command
}

impl Ground {
    /// Prepares the namespace that this process is in, and moves this process to its CPU.
    ///
    /// # Errors
    /// When something is refused, or this is not a namespace of our own.
    pub(crate) fn prepare(cpus: u8, shared: bool, mtu: Option<u32>) -> anyhow::Result<Self> {
        let (program_cpu, load_cpu) = choose(cpus)?;
        let mut program_cpus = vec![program_cpu];
        if shared && load_cpu != program_cpu {
            program_cpus.push(load_cpu);
        }
        network(mtu)?;
        pin(load_cpu)?;
        Ok(Self {
            program_cpus,
            load_cpu,
            congestion: congestion().context("asking for the congestion control")?,
            mtu: mtu.unwrap_or(65_536),
            descriptors: all_descriptors()?,
        })
    }

    /// The CPUs of the programs, as `taskset` and people write them.
    pub(crate) fn programs_on(&self) -> String {
        let each = self.program_cpus.iter().map(usize::to_string);
        each.collect::<Vec<_>>().join(",")
    }

    /// A command that becomes `program` on the CPUs of the programs.
    pub(crate) fn command(&self, program: &OsStr) -> Command {
        let mut command = Command::new("taskset");
        command.arg("--cpu-list").arg(self.programs_on());
        command.arg(program);
        command
    }
}

/// The last CPUs of those that are allowed: interrupts tend to be on the first.
fn choose(cpus: u8) -> anyhow::Result<(usize, usize)> {
    let allowed = sched_getaffinity(Pid::from_raw(0)).context("asking for the CPUs")?;
    let allowed = (0..CpuSet::count()).filter(|cpu| allowed.is_set(*cpu).unwrap_or(false));
    let allowed: Vec<usize> = allowed.collect();
    match (cpus, allowed.as_slice()) {
        (1, [.., last]) => Ok((*last, *last)),
        (2, [.., load, program]) => Ok((*program, *load)),
        _ => bail!(
            "--cpus {cpus}, but this process may use {} only",
            allowed.len()
        ),
    }
}

fn pin(cpu: usize) -> anyhow::Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu).context("choosing a CPU")?;
    sched_setaffinity(Pid::from_raw(0), &set).context("going to a CPU")
}

fn network(mtu: Option<u32>) -> anyhow::Result<()> {
    // Never the machine's own: what follows would change it for everybody.
    let links = fs::read_dir("/sys/class/net").map_or(0, Iterator::count);
    let own = ip(&["-brief", "link", "show", "up"])?;
    ensure!(
        own.trim().is_empty(),
        "this is no namespace of our own ({links} links, up: {own})"
    );
    ip(&["link", "set", "lo", "up"])?;
    for network in ["127.0.0.0/8", "127.0.0.1"] {
        let route = [
            "route", "replace", "local", network, "dev", "lo", "table", "local",
        ];
        let source = ["proto", "kernel", "scope", "host", "src", "127.0.0.1"];
        ip(&[&route[..], &source[..], &["congctl", CONGESTION]].concat())?;
    }
    if let Some(mtu) = mtu {
        let mtu = mtu.to_string();
        ip(&["link", "set", "lo", "mtu", &mtu, "gso_max_segs", "1"])?;
    }
    // Thousands of connections end in a second. As a user this may not be ours to set.
    let _ = fs::write("/proc/sys/net/ipv4/ip_local_port_range", "1024 65535");
    Ok(())
}

/// Small socket buffers in this namespace, until this is dropped: a thousand streams with buffers that
/// grow to megabytes would measure how the machine's memory fills.
#[derive(Debug)]
pub(crate) struct SmallBuffers(Vec<(String, String)>);

impl SmallBuffers {
    /// # Errors
    /// When the limits cannot be read or set.
    pub(crate) fn set() -> io::Result<Self> {
        let mut before = Vec::new();
        for name in ["tcp_rmem", "tcp_wmem"] {
            let path = format!("/proc/sys/net/ipv4/{name}");
            before.push((path.clone(), fs::read_to_string(&path)?));
            fs::write(&path, SMALL)?;
        }
        Ok(Self(before))
    }
}

impl Drop for SmallBuffers {
    fn drop(&mut self) {
        for (path, limits) in &self.0 {
            // The namespace goes with the run at the latest.
            let _ = fs::write(path, limits);
        }
    }
}

fn ip(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("ip").args(arguments).output();
    let output = output.context("running ip (Debian: apt-get install iproute2)")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "ip {}: {}",
        arguments.join(" "),
        said.trim()
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What a connection really has, at both of its ends.
fn congestion() -> io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    let (one, other) = (tcp_congestion(&client)?, tcp_congestion(&server)?);
    if one == other && one == CONGESTION {
        return Ok(one);
    }
    Err(io::Error::other(format!(
        "{one} and {other} instead of {CONGESTION}"
    )))
}

fn all_descriptors() -> anyhow::Result<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).context("raising the limit of descriptors")?;
    Ok(limit.maximum.unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_cpus_are_two_and_one_is_one() {
        let (program, load) = choose(1).unwrap();
        assert_eq!(program, load);
        if let Ok((program, load)) = choose(2) {
            assert_ne!(program, load);
        }
        assert!(choose(9).is_err());
    }

    #[test]
    fn the_machine_itself_is_left_alone() {
        let error = network(None).unwrap_err().to_string();
        assert!(error.contains("no namespace of our own"), "{error}");
    }
}
