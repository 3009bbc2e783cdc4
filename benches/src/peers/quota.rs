//! CPU time that a program gets, as the limit of a container gives it: so much in each 100 ms, and then
//! nothing until the next.
//!
//! By a cgroup a program, of version 2 where its controller is at hand, of version 1 otherwise.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use anyhow::{Context, ensure};

/// The kernel's default, and what Kubernetes uses (`--cpu-cfs-quota-period`).
const PERIOD: u32 = 100_000;
const VERSION_2: &str = "/sys/fs/cgroup";

/// Groups with a limit, removed when this is dropped: their programs have to have ended by then.
#[derive(Debug)]
pub(crate) struct Quota {
    within: PathBuf,
    /// Files of a group with what belongs into them.
    limits: Vec<(&'static str, String)>,
    groups: Cell<u32>,
}

impl Quota {
    /// A limit in thousandths of a CPU; `scratch` is a folder that may be mounted on.
    ///
    /// # Errors
    /// When there are no cgroups that can be made: it needs root.
    pub(crate) fn prepare(millicores: u32, scratch: &Path) -> anyhow::Result<Self> {
        let quota = PERIOD / 1000 * millicores;
        let controllers = fs::read_to_string(format!("{VERSION_2}/cgroup.subtree_control"));
        if controllers.is_ok_and(|all| all.split_whitespace().any(|one| one == "cpu")) {
            return Ok(Self {
                within: VERSION_2.into(),
                limits: vec![("cpu.max", format!("{quota} {PERIOD}"))],
                groups: Cell::new(0),
            });
        }
        let mounted = scratch.join("cgroup");
        fs::create_dir(&mounted)?;
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "cgroup", "-o", "cpu", "none"])
            .arg(&mounted);
        let output = mount.output().context("running mount")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "--quota needs root and the cpu controller of cgroups: {}",
            said.trim()
        );
        Ok(Self {
            within: mounted,
            limits: vec![
                ("cpu.cfs_period_us", PERIOD.to_string()),
                ("cpu.cfs_quota_us", quota.to_string()),
            ],
            groups: Cell::new(0),
        })
    }

    /// Puts a program into a group of its own.
    ///
    /// # Errors
    /// When the group cannot be made.
    pub(crate) fn hold(&self, program: u32) -> anyhow::Result<()> {
        let group = self.group(self.groups.get());
        self.groups.set(self.groups.get() + 1);
        let make = || {
            fs::create_dir(&group)?;
            for (file, limit) in &self.limits {
                fs::write(group.join(file), limit)?;
            }
            fs::write(group.join("cgroup.procs"), program.to_string())
        };
        make().with_context(|| format!("limiting a program by {}", group.display()))
    }

    fn group(&self, number: u32) -> PathBuf {
        self.within
            .join(format!("eastwest-peers-{}-{number}", process::id()))
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        for number in 0..self.groups.get() {
            // One that is not empty yet is left; it limits nobody.
            let _ = fs::remove_dir(self.group(number));
        }
        if self.within != Path::new(VERSION_2) {
            // The folder around it is removed next, and must not contain a hierarchy of groups.
            let _ = Command::new("umount").arg(&self.within).status();
        }
    }
}
