//! Settings from flags, environment variables and a file, in this order of precedence.
//!
//! Every long flag of a command is also the variable `EASTWEST_<FLAG>` and a key of the `--config`
//! file; nothing is listed by hand. What the variables and the file say is handed to clap as if it
//! had been typed, so that one parser judges all of it: types, possible values, conflicts, and what
//! is required. A message about such a value names the variable or the place in the file.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command};
use serde::Serialize;

mod config_file;
mod env;
mod flag;
mod help;
mod suggest;

#[cfg(test)]
mod tests;

pub use suggest::nearest;

pub use config_file::ConfigFileError;
use flag::{Flag, flags_of};

/// Settings that stand, and where each came from.
#[derive(Debug)]
pub struct Parsed<A> {
    /// The command's own type.
    pub args: A,
    /// For `/config_dump`: every flag of the command that runs.
    pub effective: Effective,
    /// Sentences to log: variables that look like settings but are none.
    pub warnings: Vec<String>,
}

/// Flag name to value and origin.
pub type Effective = BTreeMap<String, EffectiveValue>;

/// One setting as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EffectiveValue {
    /// As written; several where the flag can be repeated.
    pub value: Vec<String>,
    /// `flag`, `default`, the variable, or the place in the file.
    pub from: String,
}

/// Where a value that was not typed as a flag comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    Variable(String),
    /// `file:line:column`
    File(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::File(place) => f.write_str(place),
        }
    }
}

/// A value for a flag that was not typed.
#[derive(Debug, Clone)]
struct Setting {
    flag: Flag,
    values: Vec<OsString>,
    origin: Origin,
}

/// Why there are no settings to run with.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The command line is at fault, or asked for `--help` or `--version`.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    /// A variable holds a value that its flag would not take.
    #[error("{origin}: {message}")]
    Value {
        /// The variable, or file:line:column.
        origin: String,
        /// What the flag's parser says.
        message: String,
    },
    /// The file can't be read or understood.
    #[error(transparent)]
    File(#[from] ConfigFileError),
}

/// The command of a server as [`parse`] takes it: with the variables, and the manual that all servers share.
#[must_use]
pub fn command<A: clap::CommandFactory>() -> Command {
    help::complete(A::command())
}

/// Parses a command line, completed by `env` and by the file that `--config` names.
///
/// `env` is the process's environment, handed in so that a test can have one of its own.
pub fn parse<A: clap::Parser>(
    argv: &[OsString],
    env: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Parsed<A>, SettingsError> {
    let command = command::<A>();
    // What was typed is learnt first, without complaints: they come from the second pass, which
    // sees everything.
    let typed = command
        .clone()
        .ignore_errors(true)
        .try_get_matches_from(argv)?;
    let (running, typed) = deepest(&command, &typed);
    let flags = flags_of(running);

    let (variables, warnings) = env::settings(&command, &flags, env)?;
    let mut settings = variables;
    if let Some(path) = config_file::path(typed, &settings) {
        let from_file = config_file::read(&path, &flags)?;
        let fresh = |s: &Setting| !settings.iter().any(|v| v.flag.long == s.flag.long);
        let fresh: Vec<_> = from_file.into_iter().filter(fresh).collect();
        settings.extend(fresh);
    }
    settings.retain(|s| typed.value_source(&s.flag.id) != Some(ValueSource::CommandLine));

    let argv = insert(argv, &settings);
    let matches = command
        .clone()
        .try_get_matches_from(argv)
        .map_err(|e| blame(e, &settings))?;
    let effective = effective(deepest(&command, &matches).1, &flags, &settings);
    let args = A::from_arg_matches(&matches).map_err(|e| blame(e, &settings))?;
    Ok(Parsed {
        args,
        effective,
        warnings,
    })
}

/// The command that runs: the server itself, or its subcommand if one was given.
fn deepest<'a>(command: &'a Command, matches: &'a ArgMatches) -> (&'a Command, &'a ArgMatches) {
    let (mut command, mut matches) = (command, matches);
    while let Some((name, inner)) = matches.subcommand() {
        let Some(next) = command.find_subcommand(name) else {
            break;
        };
        (command, matches) = (next, inner);
    }
    (command, matches)
}

/// Settings go to the end, where the subcommand's flags are expected, but before a `--`.
fn insert(argv: &[OsString], settings: &[Setting]) -> Vec<OsString> {
    let end = argv
        .iter()
        .position(|word| word == "--")
        .unwrap_or(argv.len());
    let (before, after) = argv.split_at(end);
    let typed = settings.iter().flat_map(|s| s.flag.as_typed(&s.values));
    before
        .iter()
        .cloned()
        .chain(typed)
        .chain(after.iter().cloned())
        .collect()
}

/// Says where a refused value comes from, if it was not typed.
fn blame(error: clap::Error, settings: &[Setting]) -> SettingsError {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        return error.into();
    }
    let mut named = Vec::new();
    for kind in [ContextKind::InvalidArg, ContextKind::PriorArg] {
        match error.get(kind) {
            Some(ContextValue::String(arg)) => named.push(arg.clone()),
            Some(ContextValue::Strings(args)) => named.extend(args.iter().cloned()),
            _ => {}
        }
    }
    let culprit = settings
        .iter()
        .find(|s| named.iter().any(|arg| s.flag.is_named_by(arg)));
    let Some(setting) = culprit.filter(|_| error.kind() != ErrorKind::MissingRequiredArgument)
    else {
        return error.into();
    };
    let text = error.render().to_string();
    let message = text.split("\n\nUsage:").next().unwrap_or(&text);
    let message = message
        .split("\n\nFor more information")
        .next()
        .unwrap_or(message);
    let message = message
        .strip_prefix("error: ")
        .unwrap_or(message)
        .trim_end()
        .to_owned();
    SettingsError::Value {
        origin: setting.origin.to_string(),
        message,
    }
}

fn effective(matches: &ArgMatches, flags: &[Flag], settings: &[Setting]) -> Effective {
    let mut all = Effective::new();
    for flag in flags {
        let Some(raw) = matches.get_raw(&flag.id) else {
            continue;
        };
        let value = raw.map(|v| v.to_string_lossy().into_owned()).collect();
        let given = settings.iter().find(|s| s.flag.long == flag.long);
        let from = match (given, matches.value_source(&flag.id)) {
            (Some(setting), _) => setting.origin.to_string(),
            (None, Some(ValueSource::CommandLine)) => "flag".to_owned(),
            (None, _) => "default".to_owned(),
        };
        all.insert(flag.long.clone(), EffectiveValue { value, from });
    }
    all
}
