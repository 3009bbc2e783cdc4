//! The containers of `deploy/kubernetes`, run as their manifests say: user, capabilities, arguments,
//! files and sysctls, with the probes and ports that stand there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::process::Command;

use eastwest::leftovers::Guarded;
use eastwest_e2e::eastwest;
use eastwest_e2e::fetched::PYYAML;
use eastwest_e2e::rendered::deploy;

/// What a module of `deploy/check` prints, when it is given the program and finds nothing wrong.
fn checked(module: &str) -> String {
    let mut python = Command::new("python3");
    python.args(["-B", "-m", module]).arg(eastwest());
    python.current_dir(deploy());
    python.env("PYTHONPATH", PYYAML.fetched().unwrap());
    let output = Guarded::output(&mut python).unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{said}");
    printed
}

/// The gateway, hello and its client, the source, a replica in modes redirect and port, and in mode
/// service, where the databases have nothing of ours, the egress; the resolver.
#[test]
fn each_container_of_ours_starts_as_its_manifest_says_and_answers_its_probes() {
    assert_eq!(checked("check.containers"), "8 pods\n");
}

#[test]
fn in_each_mode_each_alias_leads_to_its_pod_and_to_nobody_without_the_shim() {
    let printed = checked("check.walk");
    let walked = printed
        .lines()
        .filter(|line| line.ends_with("without the shim"));
    assert_eq!(walked.count(), 4, "{printed}");
}
