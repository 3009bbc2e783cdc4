//! The command line of `capture keep`.

use clap::{ArgMatches, Command, CommandFactory, FromArgMatches, Parser};
use eastwest_daemon::{DaemonArgs, HumanDuration, Reach, Settings};

use super::super::args::RuleArgs;

pub(super) const NAME: &str = "eastwest-shim capture keep";

/// Other defaults than the servers have: it runs beside a shim with those, has one thing to do, and
/// nobody whose connections it would have to wait for.
const DEFAULTS: [(&str, &str); 6] = [
    ("threads", "1"),
    ("ready_address", "0.0.0.0:15031"),
    ("metrics_address", "off"),
    ("admin_address", "off"),
    ("drain_lame_duck", "0s"),
    ("drain_grace", "5s"),
];

/// Lay the redirect rules, and lay again what goes missing, until SIGTERM
///
/// For pods that can have no init container, such as those of the Percona operator: a sidecar with
///
/// securityContext: {runAsUser: 0, capabilities: {drop: [ALL], add: [NET_ADMIN]}}
///
/// Whatever is not as `capture check` wants it is laid again, and is a line of the log. When it ends
/// the rules stay, so that connections to virtual IPs go to the shim or nowhere.
#[derive(Debug, Clone, Parser)]
#[command(name = NAME, version)]
pub(super) struct KeepArgs {
    #[command(flatten)]
    pub(super) rules: RuleArgs,

    /// Also keep `unicast RANGE dev lo src 127.0.0.1` for each IPv4 range, for a pod without a
    /// default route
    #[arg(long)]
    pub(super) route: bool,

    /// How often to look whether the rules are there
    #[arg(long, value_name = "DURATION", default_value = "2s")]
    pub(super) every: HumanDuration,

    /// Take the rules away when it ends: connections to virtual IPs leave the pod in clear then
    #[arg(long)]
    pub(super) remove_at_end: bool,

    /// Process settings
    #[command(flatten)]
    pub(super) daemon: DaemonArgs,
}

/// [`KeepArgs`] with its own defaults for what all servers have.
#[derive(Debug, Clone)]
pub(super) struct KeepCommand(pub(super) KeepArgs);

impl CommandFactory for KeepCommand {
    fn command() -> Command {
        let command = KeepArgs::command();
        DEFAULTS.into_iter().fold(command, |command, (arg, value)| {
            command.mut_arg(arg, |arg| arg.default_value(value))
        })
    }

    fn command_for_update() -> Command {
        Self::command()
    }
}

impl FromArgMatches for KeepCommand {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        KeepArgs::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl Parser for KeepCommand {}

impl Settings for KeepCommand {
    fn daemon(&self) -> &DaemonArgs {
        &self.0.daemon
    }

    fn reach(&self) -> Reach {
        Reach::new()
            .network_settings()
            .listens(self.0.daemon.endpoint_addresses())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_out_of_the_way_of_the_shim_beside_it() {
        let args = KeepCommand::parse_from([NAME]).0;
        assert_eq!(args.every.to_string(), "2s");
        assert!(!args.remove_at_end);
        let ports: Vec<_> = args
            .daemon
            .endpoint_addresses()
            .map(|at| at.port())
            .collect();
        assert_eq!(ports, [15031]);
        assert!(args.daemon.drain_policy().lame_duck.is_zero());
        let given = [NAME, "--ready-address", "127.0.0.1:9", "--dns"];
        let args = KeepCommand::parse_from(given).0;
        assert_eq!(args.daemon.endpoint_addresses().count(), 1);
        assert!(args.rules.dns);
    }
}
