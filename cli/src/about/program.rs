//! The four programs, and what can be typed after each.

use clap::{Arg, Command, ValueEnum};
use eastwest_daemon::Build;

/// A program of this project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Program {
    /// The tools, and the servers within it
    Eastwest,
    /// The gateway alone
    EastwestGateway,
    /// The resolver alone
    EastwestResolver,
    /// The shim alone
    EastwestShim,
}

impl Program {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Eastwest => "eastwest",
            Self::EastwestGateway => "eastwest-gateway",
            Self::EastwestResolver => "eastwest-resolver",
            Self::EastwestShim => "eastwest-shim",
        }
    }

    /// Its whole command line. `tool` is that of `eastwest`, where the servers' flags are left to them.
    pub(super) fn command(self, tool: &Command) -> Command {
        match self {
            Self::Eastwest => for_people(tool),
            Self::EastwestGateway => eastwest_gateway::command(),
            Self::EastwestResolver => eastwest_resolver::command(),
            Self::EastwestShim => eastwest_shim::command(),
        }
    }
}

/// The tool with the servers' own flags, and without what it runs of itself only.
fn for_people(tool: &Command) -> Command {
    let shown = tool.get_subcommands().filter(|sub| !sub.is_hide_set());
    Command::new(tool.get_name().to_owned())
        .about(tool.get_about().cloned().unwrap_or_default())
        .long_about(tool.get_long_about().cloned().unwrap_or_default())
        .version(Build::THIS.version)
        .long_version(Build::LINE)
        .subcommand_required(true)
        .subcommands(shown.map(|sub| server(sub.get_name()).unwrap_or_else(|| without_hidden(sub))))
}

/// The same without what is for the makers of this program alone: generators of completion show all flags.
fn without_hidden(command: &Command) -> Command {
    if !command.get_arguments().any(Arg::is_hide_set) {
        return command.clone();
    }
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    Command::new(command.get_name().to_owned())
        .about(command.get_about().cloned().unwrap_or_default())
        .long_about(command.get_long_about().cloned().unwrap_or_default())
        .after_help(command.get_after_help().cloned().unwrap_or_default())
        .args(shown.cloned())
        .subcommands(command.get_subcommands().cloned())
}

/// The server that is a subcommand of that name.
fn server(name: &str) -> Option<Command> {
    let command = match name {
        "gateway" => eastwest_gateway::command().name("gateway"),
        "resolver" => eastwest_resolver::command().name("resolver"),
        "shim" => eastwest_shim::command().name("shim"),
        _ => return None,
    };
    Some(command)
}
