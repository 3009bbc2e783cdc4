//! What every server's `--help` says beyond its own flags.

use clap::Command;

use super::flag::variable;
use crate::build::Build;

/// The part of the manual that is the same for all servers.
const MANUAL: &str = "\
Settings:
  Every flag can also be given as an environment variable or in the file that
  --config names. A flag wins over the variable, the variable over the file, the
  file over the default.
    --drain-grace 20s        EASTWEST_DRAIN_GRACE=20s        drain-grace: 20s
  A flag that can be repeated takes a list in the file and commas in the variable;
  a flag without a value takes true or false. Durations have a unit: 500ms, 10s, 1m30s.

Signals:
  SIGTERM   drain: turn unready, go on accepting for --drain-lame-duck, stop accepting,
            wait up to --drain-grace for live connections, reset the rest, exit
  SIGINT    the same without the lame-duck time
  a second one of these: reset everything and exit at once
  SIGHUP    read manifests and certificates again

Exit status:
  0    drained after a signal or POST /drain, or ended by POST /quitquitquit
  1    failed while starting or running: the last log line says why
  2    the command line is wrong
  78   the configuration is wrong: settings file, environment variable, certificate, or manifests that
       cannot be read, or leave a shim nothing to do; a file or folder that is not there is named at
       once, and waited for two seconds. What is wrong inside a manifest takes down what it is about
       alone: the log, `eastwest status` and the metric eastwest_manifest_errors say so. A shim whose
       certificate is still to come into its folder, or is out of its time, is not ready, and goes on
  130, 143  ended at once by a second SIGINT or SIGTERM";

/// Adds the names of the variables to the flags of `command` and its subcommands, and the common
/// manual to the end of its `--help`, and says of what it was built (`--version`).
pub(super) fn complete(command: Command) -> Command {
    let manual = command
        .get_after_long_help()
        .map_or_else(|| MANUAL.to_owned(), |own| format!("{own}\n\n{MANUAL}"));
    name_variables(command.after_long_help(manual).long_version(Build::LINE))
}

fn name_variables(command: Command) -> Command {
    let command = command.mut_args(|arg| {
        let Some(name) = arg.get_long().map(variable) else {
            return arg;
        };
        let short = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let long = arg
            .get_long_help()
            .map_or_else(|| short.clone(), ToString::to_string);
        arg.help(format!("{short} [env: {name}]"))
            .long_help(format!("{long}\n\n[env: {name}]"))
    });
    command.mut_subcommands(name_variables)
}
