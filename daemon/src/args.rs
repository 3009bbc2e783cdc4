//! The flags that all three servers have.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::address::EndpointAddress;
use crate::duration::HumanDuration;
use crate::logging::LogFilter;
use crate::sandbox::{Reach, SandboxMode};
use crate::shutdown::DrainPolicy;

/// Flags of every server; put into a server's own arguments with `#[command(flatten)]`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Process")]
pub struct DaemonArgs {
    /// YAML file whose keys are the long flags of this page, without the dashes
    ///
    /// A repeatable flag takes a list. A key that is no flag is an error, as is a value of the
    /// wrong type, with file, line and column. A flag or an environment variable wins over the file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Threads that move data [default: one per CPU this process may use, at most 4]
    ///
    /// CPU limits of the container count. One more thread serves admin calls, metrics and signals,
    /// so that a scrape never stands in the way of a connection.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub threads: Option<u16>,

    /// What is logged: error, warn, info, debug, trace, or off; finer as info,MODULE=debug
    ///
    /// Can be changed while the process runs: POST /logging?level=debug on the admin address.
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log_level: LogFilter,

    /// How lines are written to standard error
    ///
    /// JSON has one object per line, with the field names that Istio's ztunnel uses. Text has
    /// colours on a terminal, unless NO_COLOR is set.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,

    /// Where probes are answered: /healthz/ready, /livez, /startup; or off
    ///
    /// Kubernetes asks from outside the pod, so this one is not on loopback. Port 0 lets the kernel
    /// choose; the log says which.
    #[arg(long, value_name = "ADDR|off", default_value = "0.0.0.0:15021")]
    pub ready_address: EndpointAddress,

    /// Where Prometheus scrapes: /metrics and /stats/prometheus; or off
    #[arg(long, value_name = "ADDR|off", default_value = "0.0.0.0:15020")]
    pub metrics_address: EndpointAddress,

    /// Where people and tools ask what this process is doing; GET / lists the calls; or off
    ///
    /// Whoever reaches this address can read the configuration. Calls that change something
    /// are taken from loopback only, whatever the address.
    #[arg(long, value_name = "ADDR|off", default_value = "127.0.0.1:15000")]
    pub admin_address: EndpointAddress,

    /// How long to go on accepting after SIGTERM, already unready
    ///
    /// Load balancers and DNS need this long to notice. Ctrl-C (SIGINT) skips it.
    #[arg(long, value_name = "DURATION", default_value = "5s")]
    pub drain_lame_duck: HumanDuration,

    /// How long live connections may go on after that; what is left then is reset
    ///
    /// Together with the lame-duck time it has to stay below the pod's
    /// terminationGracePeriodSeconds (30 s unless set), or Kubernetes kills the process first.
    #[arg(long, value_name = "DURATION", default_value = "20s")]
    pub drain_grace: HumanDuration,

    /// Whether the process locks itself in at its start
    ///
    /// No new privileges, no system calls that a server never makes (seccomp), and no files and ports
    /// but those that its configuration names (Landlock, where the kernel has it). What is in force is
    /// a line of the log. Files that are read again must stay in the folders they were in.
    #[arg(long, value_name = "MODE", value_enum, default_value_t = SandboxMode::Auto)]
    pub sandbox: SandboxMode,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// The arguments of one server: whatever flags it has, and those of every server.
pub trait Settings: clap::Parser {
    /// The flattened [`DaemonArgs`].
    fn daemon(&self) -> &DaemonArgs;

    /// What the server needs of the machine, for the sandbox; its endpoints included.
    fn reach(&self) -> Reach;
}

/// More workers than this gain a relay nothing that a flag can't ask for; each costs a stack.
const MAX_DEFAULT_THREADS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(3);

impl DaemonArgs {
    /// Where the process answers for itself.
    pub fn endpoint_addresses(&self) -> impl Iterator<Item = SocketAddr> {
        let addresses = [self.ready_address, self.metrics_address, self.admin_address];
        addresses.into_iter().filter_map(EndpointAddress::get)
    }

    /// The times of a drain.
    pub fn drain_policy(&self) -> DrainPolicy {
        DrainPolicy {
            lame_duck: self.drain_lame_duck.get(),
            grace: self.drain_grace.get(),
        }
    }

    /// How many threads move data.
    pub fn data_threads(&self) -> NonZeroUsize {
        let given = self
            .threads
            .and_then(|threads| NonZeroUsize::new(threads.into()));
        // Counts the CPUs of the affinity mask, and of the cgroup's quota (`cpu.max`) rounded down.
        let available = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        given.unwrap_or_else(|| available().min(MAX_DEFAULT_THREADS))
    }
}
