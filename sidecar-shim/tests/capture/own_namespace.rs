//! Runs a test alone in a network namespace of its own.
//!
//! A user namespace can only be entered by a process with one thread, which a test harness is
//! not. So the test starts its own binary again under `unshare` (util-linux), asking for itself
//! alone; the one that finds itself inside does the work.

use std::any::type_name;
use std::io::Write;
use std::process::{Command, Output};

/// Set for the process inside.
const INSIDE: &str = "EASTWEST_TEST_IN_OWN_NAMESPACE";
/// How a line starts that says what could not be tried.
const SKIPPED: &str = "SKIPPED: ";

/// Runs `body`, the closure of a test function, alone. Fails if that cannot be done here.
pub(crate) fn alone<F: AsyncFnOnce()>(body: F) {
    if std::env::var_os(INSIDE).is_some() {
        return tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(body());
    }
    let test = test_name::<F>();
    let output = start_again(test);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));

    for line in stderr.lines().filter(|line| line.starts_with(SKIPPED)) {
        // Not `eprintln!`, which the harness would swallow.
        let said = format!("{line} ({test})\n");
        std::io::stderr().write_all(said.as_bytes()).unwrap();
    }
    // A harness that found no such test also ends with success.
    let ran = output.status.success() && stdout.contains("test result: ok. 1 passed");
    assert!(
        ran,
        "{test} in a namespace of its own: {}\n{stdout}\n{stderr}",
        output.status
    );
}

/// Says that something was not tried, and why.
pub(crate) fn skip(what: &str, why: &str) {
    eprintln!("{SKIPPED}{what}: {why}");
}

fn start_again(test: &str) -> Output {
    // An ordinary user needs a user namespace, root does not, and may be where there are none.
    let flags = if rustix::process::geteuid().is_root() {
        "-n"
    } else {
        "-Urn"
    };
    let unshare = |program: &[&str]| {
        let mut command = Command::new("unshare");
        command.arg(flags).arg("--").args(program).env(INSIDE, "1");
        command.output().unwrap_or_else(|error| {
            panic!("{test} needs `unshare` of the package util-linux: {error}")
        })
    };
    let probe = unshare(&["true"]);
    assert!(
        probe.status.success(),
        "{test} needs a network namespace of its own, which `unshare {flags}` was refused: {}\
         Run the tests as root, or allow user namespaces: `sysctl user.max_user_namespaces`, on \
         Ubuntu also `sysctl kernel.apparmor_restrict_unprivileged_userns=0`.",
        String::from_utf8_lossy(&probe.stderr)
    );
    let binary = std::env::current_exe().unwrap();
    unshare(&[
        binary.to_str().unwrap(),
        "--exact",
        test,
        "--nocapture",
        "--test-threads=1",
    ])
}

/// `capture::module::function::{{closure}}` without its first and last part.
fn test_name<F>() -> &'static str {
    let path = type_name::<F>();
    let (_, path) = path.split_once("::").unwrap();
    path.trim_end_matches("::{{closure}}")
}
