//! The thread that keeps one host's namespaces in existence.

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Pid, gettid, sethostname};
use tokio::runtime::Handle;

use super::error::{Doing, Refusal};
use super::etc;
use super::netlink::Netlink;
use super::plan::{Forwarding, HostPlan};

/// A host's namespaces, alive as long as this value. The thread has the host's name, by which
/// `stage-exec` finds it in `/proc/HOLDER/task`.
pub(super) struct Keeper {
    thread: Option<JoinHandle<()>>,
    release: Option<SyncSender<()>>,
    kept: Kept,
}

/// What a keeper's thread hands out of its namespaces.
struct Kept {
    thread_id: Pid,
    netlink: Netlink,
}

impl Keeper {
    /// Makes the namespaces of `host`; its netlink requests are driven by `runtime`.
    pub(super) fn start(host: &HostPlan, runtime: &Handle) -> Result<Self, Refusal> {
        let (release, released) = sync_channel(0);
        let (report, reported) = sync_channel(1);
        let (plan, runtime) = (host.clone(), runtime.clone());
        let thread = thread::Builder::new()
            .name(host.name.clone())
            .spawn(move || keep(&plan, &runtime, &report, &released))
            .doing(|| format!("starting a thread for host {:?}", host.name))?;
        let kept = reported.recv().unwrap_or_else(|_| {
            let error = std::io::Error::other("its thread ended early");
            Err(Refusal::new(format!("making host {:?}", host.name), error))
        })?;
        Ok(Self {
            thread: Some(thread),
            release: Some(release),
            kept,
        })
    }

    /// Asks the kernel about the host's links.
    pub(super) fn netlink(&self) -> &Netlink {
        &self.kept.netlink
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.release = None;
        let joined = self.thread.take().map(JoinHandle::join);
        // join() returns a moment before the kernel takes the thread out of /proc, and whoever
        // finds it there takes the host for alive.
        let entry = PathBuf::from(format!("/proc/self/task/{}", self.kept.thread_id));
        while joined.is_some() && entry.exists() {
            thread::sleep(Duration::from_micros(100));
        }
    }
}

fn keep(
    host: &HostPlan,
    runtime: &Handle,
    report: &SyncSender<Result<Kept, Refusal>>,
    released: &Receiver<()>,
) {
    let kept = make(host, runtime);
    let made = kept.is_ok();
    if report.send(kept).is_ok() && made {
        // Nothing is ever sent: the wait ends when the keeper lets go of its end.
        let _ = released.recv();
    }
}

fn make(host: &HostPlan, runtime: &Handle) -> Result<Kept, Refusal> {
    let name = &host.name;
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWUTS)
        .doing(|| format!("making the namespaces of host {name:?}"))?;
    sethostname(name).doing(|| format!("naming host {name:?}"))?;
    etc::cover(host)?;
    set_forwarding(host)?;
    Ok(Kept {
        thread_id: gettid(),
        netlink: Netlink::here(runtime)
            .doing(|| format!("asking for the links of host {name:?}"))?,
    })
}

/// Sets what a new namespace would otherwise inherit from the machine (devconf_inherit_init_net).
fn set_forwarding(host: &HostPlan) -> Result<(), Refusal> {
    let forwards = match host.forwarding {
        Forwarding::On => "1",
        Forwarding::Off => "0",
    };
    let mut settings = vec![
        ("ipv4/ip_forward", forwards),
        // Taking away a first address must not take the others away.
        ("ipv4/conf/all/promote_secondaries", "1"),
    ];
    if host.forwarding == Forwarding::On {
        // Each "unreachable" is reported, so that a dial that cannot succeed fails at once.
        settings.push(("ipv4/icmp_ratelimit", "0"));
    }
    if fs::exists("/proc/sys/net/ipv6").unwrap_or(false) {
        settings.push(("ipv6/conf/all/forwarding", forwards));
    }
    for (name, value) in settings {
        fs::write(format!("/proc/sys/net/{name}"), value)
            .doing(|| format!("setting net/{name} to {value} on host {:?}", host.name))?;
    }
    Ok(())
}
