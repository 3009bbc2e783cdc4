//! How a program is started on a host, kept so that it can be started again from any thread.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program with its leading arguments and environment, taken from a prepared [`Command`].
///
/// A `Host` is only borrowed while a server or a client is set up; this outlives it. It holds all
/// of a `Command` that safe code can set up before spawning, but for `env_clear`.
#[derive(Debug, Clone)]
pub(super) struct Invocation {
    program: OsString,
    args: Vec<OsString>,
    envs: Vec<(OsString, Option<OsString>)>,
    dir: Option<PathBuf>,
}

impl From<&Command> for Invocation {
    fn from(command: &Command) -> Self {
        Self {
            program: command.get_program().to_owned(),
            args: command.get_args().map(ToOwned::to_owned).collect(),
            envs: command
                .get_envs()
                .map(|(key, value)| (key.to_owned(), value.map(ToOwned::to_owned)))
                .collect(),
            dir: command.get_current_dir().map(ToOwned::to_owned),
        }
    }
}

impl Invocation {
    /// A fresh command; the caller adds what is particular to this run.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args);
        for (key, value) in &self.envs {
            match value {
                Some(value) => command.env(key, value),
                None => command.env_remove(key),
            };
        }
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        command
    }
}

/// `--name=path` as an argument, whatever bytes the path has.
pub(super) fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(name);
    option.push("=");
    option.push(path);
    option
}
