//! Settings from environment variables, and words about those that only look like settings.

use std::ffi::{OsStr, OsString};

use clap::Command;

use super::flag::{Flag, Takes, flags_of, switch, variable};
use super::{Origin, Setting, SettingsError, nearest};

/// What every setting's variable begins with.
pub(super) const PREFIX: &str = "EASTWEST_";

/// The settings among `env`, and a warning for each variable that is none although its name says so.
///
/// An empty variable counts as not set: templates leave such behind.
pub(super) fn settings(
    command: &Command,
    flags: &[Flag],
    env: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(Vec<Setting>, Vec<String>), SettingsError> {
    let mut settings = Vec::new();
    let mut warnings = Vec::new();
    for (name, value) in env {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
            continue;
        };
        if value.is_empty() {
            continue;
        }
        if let Some(flag) = flags.iter().find(|flag| flag.variable() == name) {
            settings.push(Setting {
                flag: flag.clone(),
                values: values(flag, &value).map_err(|message| SettingsError::Value {
                    origin: name.to_owned(),
                    message,
                })?,
                origin: Origin::Variable(name.to_owned()),
            });
        } else if !is_service_link(name, &value) && !known_elsewhere(command, name) {
            warnings.push(warning(name, flags));
        }
    }
    settings.sort_by(|a, b| a.flag.long.cmp(&b.flag.long));
    warnings.sort();
    Ok((settings, warnings))
}

/// The value as flags take it; the error is for a person.
fn values(flag: &Flag, value: &OsStr) -> Result<Vec<OsString>, String> {
    match (flag.takes, value.to_str()) {
        (Takes::Many, Some(list)) => Ok(list
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(OsString::from)
            .collect()),
        (Takes::Nothing, text) => match text.and_then(switch) {
            Some(on) => Ok(vec![on.to_string().into()]),
            // Not taken for `false`: what was meant to be on would silently be off.
            None => Err(format!(
                "takes true or false, but this is `{}`",
                value.to_string_lossy()
            )),
        },
        _ => Ok(vec![value.to_owned()]),
    }
}

/// A pod that runs a server and its subcommands may share one environment.
fn known_elsewhere(command: &Command, name: &str) -> bool {
    flags_of(command).iter().any(|flag| flag.variable() == name)
        || command
            .get_subcommands()
            .any(|sub| known_elsewhere(sub, name))
}

fn warning(name: &str, flags: &[Flag]) -> String {
    let variables: Vec<String> = flags.iter().map(Flag::variable).collect();
    // Compared without the prefix, which would make everything look alike.
    let bare = |name: &'_ str| name.get(PREFIX.len()..).unwrap_or_default().to_owned();
    let known: Vec<String> = variables.iter().map(|v| bare(v)).collect();
    let hint = nearest(&bare(name), known.iter().map(String::as_str)).map_or_else(
        || "--help lists the settings".to_owned(),
        |near| format!("did you mean {}?", variable(near)),
    );
    format!(
        "the environment variable {name} is not a setting of this program and has no effect; {hint}"
    )
}

/// Variables that Kubernetes adds to every pod for a Service called `eastwest` or `eastwest-...`:
/// `EASTWEST_GATEWAY_SERVICE_HOST`, `EASTWEST_GATEWAY_PORT=tcp://10.96.0.7:15443`,
/// `EASTWEST_GATEWAY_PORT_15443_TCP_ADDR` (Kubernetes docs, "Accessing the Service").
fn is_service_link(name: &str, value: &OsStr) -> bool {
    let url = value.to_str().is_some_and(|v| {
        ["tcp://", "udp://", "sctp://"]
            .iter()
            .any(|scheme| v.starts_with(scheme))
    });
    let port =
        ["_TCP", "_UDP", "_SCTP"].iter().any(|p| name.contains(p)) && name.contains("_PORT_");
    name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT") || url || port
}
