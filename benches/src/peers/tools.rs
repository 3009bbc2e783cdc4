//! The peers' programs: found on this machine, or fetched by package name.
//!
//! Debian's packages are unpacked into the cache folder beside the databases. Nothing is installed,
//! so that no service starts and nothing changes for anybody else.

mod debian;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use eastwest::mysql::Packages;
use serde::Serialize;

use crate::ground::Ground;
use debian::Debian;

/// A program that somebody else has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Tool {
    Envoy,
    HaProxy,
    Nginx,
    Sniproxy,
    Stunnel,
    Unbound,
    Dnsmasq,
}

impl Tool {
    const DEBIAN: [Self; 6] = [
        Self::HaProxy,
        Self::Nginx,
        Self::Sniproxy,
        Self::Stunnel,
        Self::Unbound,
        Self::Dnsmasq,
    ];

    /// As its authors write it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Envoy => "Envoy",
            Self::HaProxy => "HAProxy",
            _ => self.program(),
        }
    }

    pub(crate) const fn program(self) -> &'static str {
        match self {
            Self::Envoy => "envoy",
            Self::HaProxy => "haproxy",
            Self::Nginx => "nginx",
            Self::Sniproxy => "sniproxy",
            Self::Stunnel => "stunnel4",
            Self::Unbound => "unbound",
            Self::Dnsmasq => "dnsmasq",
        }
    }

    /// Debian's packages; Envoy is a Python package.
    const fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Envoy => &[],
            Self::HaProxy => &["haproxy"],
            Self::Nginx => &["nginx", "libnginx-mod-stream"],
            Self::Sniproxy => &["sniproxy"],
            Self::Stunnel => &["stunnel4"],
            Self::Unbound => &["unbound"],
            Self::Dnsmasq => &["dnsmasq-base"],
        }
    }

    /// What makes it say its version.
    const fn version_flag(self) -> &'static str {
        match self {
            Self::Envoy | Self::Dnsmasq => "--version",
            Self::HaProxy | Self::Nginx => "-v",
            Self::Sniproxy | Self::Unbound => "-V",
            Self::Stunnel => "-version",
        }
    }
}

/// Those that can be run.
#[derive(Debug)]
pub(crate) struct Tools {
    found: BTreeMap<Tool, PathBuf>,
    missing: BTreeMap<Tool, String>,
    debian: Debian,
}

impl Tools {
    /// Looks for all of them; with `fetch` those that are missing are fetched.
    ///
    /// # Errors
    /// When there is no cache folder. A peer that cannot be had is no error: it is not measured.
    pub(crate) fn look(fetch: bool) -> anyhow::Result<Self> {
        let cache = Packages::in_default_cache()?.cache_dir().join("peers");
        let mut tools = Self {
            found: BTreeMap::new(),
            missing: BTreeMap::new(),
            debian: Debian::in_dir(cache),
        };
        for tool in Tool::DEBIAN {
            let found = tools.debian.find(tool.program(), tool.packages(), fetch);
            tools.note(tool, found);
        }
        let envoy = match eastwest_e2e::fetched::ENVOY.kept()? {
            Some(envoy) => Ok(envoy),
            None if fetch => Ok(eastwest_e2e::fetched::ENVOY.fetched()?),
            None => Err(anyhow::anyhow!("is not here")),
        };
        tools.note(Tool::Envoy, envoy);
        Ok(tools)
    }

    fn note(&mut self, tool: Tool, found: anyhow::Result<PathBuf>) {
        match found {
            Ok(path) => {
                self.found.insert(tool, path);
            }
            Err(error) => {
                self.missing.insert(tool, format!("{error:#}"));
            }
        }
    }

    /// Whether it can be run.
    pub(crate) fn has(&self, tool: Tool) -> bool {
        self.found.contains_key(&tool)
    }

    /// A command that becomes the program, on the CPU of the programs.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn command(&self, tool: Tool, ground: &Ground) -> anyhow::Result<Command> {
        let path = self.found.get(&tool);
        let path = path.with_context(|| format!("there is no {}", tool.program()))?;
        let mut command = ground.command(path.as_os_str());
        command.env("LD_LIBRARY_PATH", self.libraries(path));
        Ok(command)
    }

    /// A file that came with the packages, or is installed.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.debian.file(path)
    }

    fn libraries(&self, program: &Path) -> OsString {
        self.debian.libraries(program)
    }

    /// The versions of those that were found, and why others were not.
    pub(crate) fn describe(&self) -> Vec<String> {
        let found = self
            .found
            .iter()
            .map(|(tool, path)| self.version(*tool, path));
        let missing = self.missing.iter();
        let missing = missing.map(|(tool, why)| format!("{}: not measured, {why}", tool.program()));
        found.chain(missing).collect()
    }

    fn version(&self, tool: Tool, path: &Path) -> String {
        let mut command = Command::new(path);
        command.env("LD_LIBRARY_PATH", self.libraries(path));
        let output = command.arg(tool.version_flag()).output();
        let (name, printed) = (tool.program(), output.unwrap_or_else(|_| nothing()));
        let text = [printed.stdout, printed.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        // Some say where they are, which is of interest to nobody else.
        let text = text.replace(&path.display().to_string(), "");
        let line = text
            .lines()
            .find(|line| line.contains(|c: char| c.is_ascii_digit()));
        format!(
            "{name}: {}",
            line.unwrap_or("does not say its version").trim()
        )
    }
}

fn nothing() -> std::process::Output {
    std::process::Output {
        status: std::process::ExitStatus::default(),
        stdout: Vec::new(),
        stderr: Vec::new(),
    }
}
