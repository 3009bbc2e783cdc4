//! Counting by valgrind.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail, ensure};

use crate::case::Case;

/// This program, under callgrind.
#[derive(Debug)]
pub(crate) struct Callgrind {
    this: PathBuf,
}

impl Callgrind {
    /// # Errors
    /// When valgrind is not there.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let version = Command::new("valgrind").arg("--version").output();
        let there = version.is_ok_and(|it| it.status.success());
        ensure!(there, "valgrind is missing: apt-get install valgrind");
        let this = std::env::current_exe()?;
        Ok(Self { this })
    }

    /// The instructions that a case takes each time.
    ///
    /// Symbols are stripped from what users get, so that callgrind cannot be told where to begin: all
    /// is counted in a run that does everything but the case, and in one that does it, too.
    ///
    /// # Errors
    /// When one of the runs fails.
    pub(crate) fn count(&self, case: Case) -> anyhow::Result<f64> {
        let without = self.run(case, 0)?;
        let with = self.run(case, case.times())?;
        let of_case = with.checked_sub(without);
        let of_case = of_case.context("more instructions without it than with it")?;
        Ok(of_case as f64 / f64::from(case.times()))
    }

    fn run(&self, case: Case, times: u32) -> anyhow::Result<u64> {
        let run = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(&self.this)
            .args(["--perform", &times.to_string(), &case.name()])
            .output()
            .context("valgrind")?;
        let said = String::from_utf8_lossy(&run.stderr);
        if !run.status.success() {
            bail!("valgrind: {}\n{said}", run.status);
        }
        collected(&said).with_context(|| format!("no count in what valgrind said:\n{said}"))
    }
}

/// The count in `==123== Collected : 456`, which callgrind says at the end.
fn collected(said: &str) -> Option<u64> {
    let line = said.lines().find_map(|line| line.split_once("Collected :"));
    line?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_what_callgrind_says() {
        let said = "==7== Callgrind, a call-graph generating cache profiler\n==7== \n\
                    ==7== Events    : Ir\n==7== Collected : 207381\n==7== \n\
                    ==7== I   refs:      207,381\n";
        assert_eq!(collected(said), Some(207_381));
        assert_eq!(collected("==7== Process terminating"), None);
    }
}
