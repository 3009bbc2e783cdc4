//! What `test.sh` says at the end, on a day when a database is not to be had.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use eastwest::leftovers::Guarded;
use eastwest::mysql::Flavor;
use eastwest_e2e::installed;

const NEEDS: &str = "a_test_that_needs_mysql_has_it";
/// In apt-get's place: a mirror that has lists, and no MySQL in them.
const APT_GET: &str = "#!/bin/sh\ncase \"$*\" in\n\
    *indextargets*) echo 'sid main http://deb.debian.org/debian' ;;\n\
    *--simulate*) echo 'E: Unable to locate package' >&2; exit 100 ;;\nesac\n";

#[test]
fn a_test_that_needs_mysql_has_it() {
    if let Some(installed) = installed(Flavor::MySql, NEEDS) {
        assert_ne!(installed.version(), "");
    }
}

/// What the harness prints of that test, as a file of `cargo test` has it.
fn without_mysql() -> String {
    let folder = tempfile::tempdir().unwrap();
    let apt_get = folder.path().join("apt-get");
    fs::write(&apt_get, APT_GET).unwrap();
    fs::set_permissions(&apt_get, Permissions::from_mode(0o755)).unwrap();
    let mut test = Command::new("sh");
    test.args(["-c", "exec \"$0\" --exact \"$1\" 2>&1"]);
    test.arg(std::env::current_exe().unwrap()).arg(NEEDS);
    let path = std::env::var("PATH").unwrap();
    test.env("PATH", format!("{}:{path}", folder.path().display()));
    test.env("XDG_CACHE_HOME", folder.path());
    let output = Guarded::output(&mut test).unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}");
    printed
}

fn summary(of: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("summary.awk");
    let mut awk = Command::new("awk");
    awk.args(["-v", "whole=tests/(summary)\\.rs", "-f"])
        .arg(file);
    awk.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut awk = awk.spawn().unwrap();
    awk.stdin.take().unwrap().write_all(of.as_bytes()).unwrap();
    String::from_utf8(awk.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn a_test_that_is_skipped_is_counted_as_that_and_not_as_passed() {
    let running = "     Running tests/summary.rs (target/debug/deps/summary-1)\n";
    let said = summary(&format!("{running}{}", without_mysql()));
    let lines: Vec<&str> = said.lines().collect();
    let [kind, heading, why, total] = lines[..] else {
        panic!("{said}");
    };
    assert_eq!(kind, "  whole system      0 passed, 0 failed");
    assert_eq!(heading, "skipped, and why:");
    let reason = format!("  SKIPPED {NEEDS}: MySQL is not to be had from Debian ");
    assert!(why.starts_with(&reason), "{said}");
    assert_eq!(total, "0 passed, 0 failed, 1 skipped");
}

#[test]
fn what_has_run_is_counted_by_kind() {
    let said = summary(
        "     Running unittests src/lib.rs (target/debug/deps/a-1)\n\
         test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n     \
         Running tests/summary.rs (target/debug/deps/summary-1)\n\
         test a ... SKIPPED a: why\nSKIPPED a: why\nok\n\
         test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n",
    );
    assert!(
        said.contains("  unit              3 passed, 0 failed\n"),
        "{said}"
    );
    assert!(
        said.contains("  whole system      1 passed, 1 failed\n"),
        "{said}"
    );
    assert!(
        said.ends_with("why:\n  SKIPPED a: why\n4 passed, 1 failed, 2 skipped\n"),
        "{said}"
    );
}
