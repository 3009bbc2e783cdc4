//! The process locks itself in before it takes a byte from the network.
//!
//! - `calls`, `program`, `seccomp`: system calls that a server never makes
//! - `reach`, `files`: the files and ports that its configuration names (Landlock)
//!
//! What is refused, how, and why it is a list of what is forbidden: ARCHITECTURE.md, "The sandbox".

use std::fmt;

use clap::ValueEnum;
use metrics::{describe_gauge, gauge};
use serde_json::{Value, json};

mod calls;
mod files;
mod program;
mod reach;
mod seccomp;

pub use reach::Reach;

/// How far a process locks itself in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SandboxMode {
    /// As far as the kernel can; what it lacks is said
    Auto,
    /// In full, or the start fails
    Require,
    /// Not at all
    Off,
}

impl SandboxMode {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Require => "require",
            Self::Off => "off",
        }
    }
}

/// A part of the sandbox that was required is missing.
#[derive(Debug, thiserror::Error)]
#[error("--sandbox require: {layer} is not in force: {why}; --sandbox auto starts without it")]
pub struct SandboxError {
    layer: &'static str,
    why: String,
}

/// One part of the sandbox, and what has become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Layer {
    InForce,
    /// The kernel knows a part of what was asked for.
    InPart,
    Missing(String),
}

/// What holds a process back, from its start on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sandbox {
    mode: SandboxMode,
    layers: Vec<(&'static str, Layer)>,
}

const LAYERS: [&str; 3] = ["no_new_privs", "seccomp", "landlock"];

impl Sandbox {
    /// Locks the process in; there is no way back.
    ///
    /// Landlock holds for the calling thread and those that it starts: call this before any other
    /// thread runs. The filter of system calls holds for all threads.
    ///
    /// # Errors
    /// In mode `require`, when a part is missing.
    pub fn enter(mode: SandboxMode, reach: &Reach) -> Result<Self, SandboxError> {
        if mode == SandboxMode::Off {
            let off = |name| (name, Layer::Missing("switched off".to_owned()));
            return Ok(Self {
                mode,
                layers: LAYERS.map(off).to_vec(),
            });
        }
        let no_new_privs = match rustix::thread::set_no_new_privs(true) {
            Ok(()) => Layer::InForce,
            Err(error) => Layer::Missing(error.to_string()),
        };
        // First, because it opens folders in a way that is of no use to the filter.
        let files = match files::confine(reach) {
            Ok(true) => Layer::InForce,
            Ok(false) => Layer::InPart,
            Err(why) => Layer::Missing(why),
        };
        let calls = match seccomp::filter(reach) {
            Ok(()) => Layer::InForce,
            Err(why) => Layer::Missing(why),
        };
        let layers: Vec<_> = LAYERS
            .into_iter()
            .zip([no_new_privs, calls, files])
            .collect();
        if mode == SandboxMode::Require
            && let Some((layer, why)) = layers.iter().find_map(|(name, layer)| match layer {
                Layer::InForce => None,
                Layer::InPart => Some((*name, "this kernel has only a part of it".to_owned())),
                Layer::Missing(why) => Some((*name, why.clone())),
            })
        {
            return Err(SandboxError { layer, why });
        }
        Ok(Self { mode, layers })
    }

    /// For `/config_dump`.
    pub(crate) fn shown(&self) -> Value {
        let layers = self.layers.iter().map(|(name, layer)| {
            let shown = match layer {
                Layer::InForce => "in force",
                Layer::InPart => "in force in part",
                Layer::Missing(why) => why,
            };
            (*name, shown)
        });
        json!({
            "mode": self.mode.as_str(),
            "layers": layers.collect::<std::collections::BTreeMap<_, _>>(),
        })
    }

    /// Sets the metric of each part.
    pub(crate) fn count(&self) {
        describe_gauge!(
            "eastwest_sandbox",
            "1 if this part of the sandbox is in force, 0.5 if in part, else 0."
        );
        for (name, layer) in &self.layers {
            gauge!("eastwest_sandbox", "layer" => *name).set(match layer {
                Layer::InForce => 1.0,
                Layer::InPart => 0.5,
                Layer::Missing(_) => 0.0,
            });
        }
    }
}

impl fmt::Display for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.mode == SandboxMode::Off {
            return f.write_str("off");
        }
        for (index, (name, layer)) in self.layers.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            match layer {
                Layer::InForce => write!(f, "{comma}{name}")?,
                Layer::InPart => write!(f, "{comma}{name} in part")?,
                Layer::Missing(why) => write!(f, "{comma}no {name} ({why})")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partial() -> Sandbox {
        Sandbox {
            mode: SandboxMode::Auto,
            layers: vec![
                ("no_new_privs", Layer::InForce),
                ("seccomp", Layer::InPart),
                ("landlock", Layer::Missing("not supported".to_owned())),
            ],
        }
    }

    #[test]
    fn what_is_in_force_and_what_is_not_are_one_line() {
        assert_eq!(
            partial().to_string(),
            "no_new_privs, seccomp in part, no landlock (not supported)"
        );
    }

    #[test]
    fn off_locks_nothing_and_says_so() {
        let off = Sandbox::enter(SandboxMode::Off, &Reach::new()).unwrap();
        assert_eq!(off.to_string(), "off");
        assert_eq!(off.shown()["mode"], "off");
        assert_eq!(off.shown()["layers"]["seccomp"], "switched off");
    }

    #[test]
    fn tools_see_each_part() {
        let shown = partial().shown();
        assert_eq!(shown["mode"], "auto");
        assert_eq!(shown["layers"]["no_new_privs"], "in force");
        assert_eq!(shown["layers"]["seccomp"], "in force in part");
        assert_eq!(shown["layers"]["landlock"], "not supported");
    }
}
