//! What Linux knows of the process, under the names that Prometheus' own clients use.

use metrics::{describe_gauge, gauge};
use rustix::process::{Resource, getrlimit};

pub(super) fn describe() {
    describe_gauge!("process_open_fds", "File descriptors open now.");
    describe_gauge!("process_max_fds", "Limit of open file descriptors.");
    describe_gauge!("process_resident_memory_bytes", "Resident memory in bytes.");
}

/// Reads the values of now; one that can't be read keeps its last.
pub(super) fn sample() {
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        // One of them is the directory that is being read.
        gauge!("process_open_fds").set(files.count().saturating_sub(1) as f64);
    }
    if let Some(limit) = getrlimit(Resource::Nofile).current {
        gauge!("process_max_fds").set(limit as f64);
    }
    if let Some(kibibytes) = resident() {
        gauge!("process_resident_memory_bytes").set(kibibytes as f64 * 1024.0);
    }
}

/// `VmRSS` of proc_pid_status(5), in KiB.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}
