//! A stage: hosts with networks between them, as namespaces of one machine.
//!
//! A [`StagePlan`] says which hosts and networks there are. [`Stage::start`] has a process of its
//! own, the holder, make them: one network, mount and UTS namespace a host, a bridge a network, a
//! veth pair an attachment. Programs are then run with [`StageHost`]'s `command`, whose child
//! *is* the program: its process id, signals, standard streams and exit status are the program's.
//!
//! Nothing outlives the stage. The holder notices the end of the process that started it, however
//! it ends, by the end of its own standard input; it then kills whatever still runs in one of its
//! namespaces, and the kernel takes the namespaces, links and mounts away with the last process.
//!
//! No program but this one is needed, and no root where the kernel lets an ordinary user make
//! user namespaces.

mod advice;
mod conntrack;
mod dns;
mod error;
mod etc;
mod exec;
pub mod hello;
mod holder;
pub mod host;
mod keeper;
mod link;
mod netlink;
pub mod plan;
mod protocol;
mod resolv_conf;
mod running;
mod subcommand;
mod sweep;
mod two_clusters;
mod unshare;
mod up;
pub mod zone;

pub use error::{Refusal, StageError};
pub use host::{Host, StageHost, ThisMachine};
pub use link::Link;
pub use plan::{Forwarding, HostPlan, PlanError, StagePlan};
pub use resolv_conf::ResolvConf;
pub use running::Stage;
pub use subcommand::{StageCommand, run};
pub use two_clusters::two_clusters;
