//! The hidden subcommands of `eastwest` that a stage is made of.

use std::process::ExitCode;

use super::dns::DnsArgs;
use super::exec::ExecArgs;
use super::hello::HelloArgs;
use super::up::UpArgs;
use super::{conntrack, dns, exec, hello, holder, up};

/// What a stage runs of this program, to be flattened into the program's own subcommands.
#[derive(Debug, clap::Subcommand)]
pub enum StageCommand {
    /// Hold a stage; speaks JSON lines with the process that started it
    #[command(hide = true)]
    StageHolder,
    /// Become a program on a host of a stage
    #[command(hide = true)]
    StageExec(ExecArgs),
    /// Make a stage and wait
    #[command(hide = true)]
    StageUp(UpArgs),
    /// Serve DNS from a file, as a cluster's DNS server does
    #[command(hide = true)]
    StageDns(DnsArgs),
    /// Say hello over HTTP, as a pod does
    #[command(hide = true)]
    StageHello(HelloArgs),
    /// Forget every connection that this host's packet filter tracks
    #[command(hide = true)]
    StageForgetFlows,
}

/// Runs a subcommand. To be called before this process has a second thread or a runtime: the
/// kernel lets a process with several threads join neither a user nor a mount namespace.
///
/// # Errors
/// What a person should read, before exit code 1.
pub fn run(command: &StageCommand) -> anyhow::Result<ExitCode> {
    match command {
        StageCommand::StageHolder => holder::run(),
        StageCommand::StageExec(args) => Ok(exec::run(args)),
        StageCommand::StageUp(args) => up::run(args),
        StageCommand::StageDns(args) => dns::run(args),
        StageCommand::StageHello(args) => hello::run(args),
        StageCommand::StageForgetFlows => conntrack::run(),
    }
}
