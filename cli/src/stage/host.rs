//! Where a program runs: on a host of a stage, or simply here.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

/// A host on which programs can be started.
pub trait Host {
    /// The host's name, for messages.
    fn name(&self) -> &str;

    /// A command that runs `program` on this host; the caller adds arguments and spawns it.
    fn command(&self, program: &OsStr) -> Command;
}

/// The machine that this process runs on, without any namespace.
#[derive(Debug, Clone, Copy)]
pub struct ThisMachine;

impl Host for ThisMachine {
    fn name(&self) -> &str {
        "this machine"
    }

    fn command(&self, program: &OsStr) -> Command {
        Command::new(program)
    }
}

/// A host of a [`Stage`](super::Stage).
#[derive(Debug, Clone)]
pub struct StageHost {
    pub(super) name: String,
    pub(super) holder: u32,
    pub(super) eastwest: PathBuf,
}

impl StageHost {
    /// What to type for a shell on this host.
    #[must_use]
    pub fn shell_line(&self) -> String {
        let eastwest = quoted(&self.eastwest.display().to_string());
        let (holder, name) = (self.holder, &self.name);
        format!("{eastwest} stage-exec --holder {holder} --host {name} -- sh")
    }
}

/// A word as a shell takes it, in quotes only where it needs them.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%=".contains(c);
    if word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

impl Host for StageHost {
    fn name(&self) -> &str {
        &self.name
    }

    /// The child's process id is the program's, so signals reach it; it keeps the caller's current
    /// directory, environment and standard streams, and is killed when the stage ends. It is root
    /// of the stage, and sees the machine's files but for those of the host under `/etc`. If it
    /// cannot be run, the exit code is 125, 126 or 127 as env(1) has it, with the reason on stderr.
    fn command(&self, program: &OsStr) -> Command {
        let mut command = Command::new(&self.eastwest);
        command
            .arg("stage-exec")
            .arg("--holder")
            .arg(self.holder.to_string())
            .arg("--host")
            .arg(&self.name)
            .arg("--")
            .arg(program);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_path_with_a_space_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("/usr/bin/eastwest"), "/usr/bin/eastwest");
        assert_eq!(quoted("/my files/it's"), r"'/my files/it'\''s'");
    }
}
