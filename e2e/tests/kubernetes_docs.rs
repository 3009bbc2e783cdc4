//! The commands in the documents of `deploy/kubernetes` that need no cluster, run as they stand there.

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

#[test]
fn each_command_of_the_documents_ends_well() {
    let mut python = Command::new("python3");
    python.args(["-B", "-m", "check.documents"]).arg(eastwest());
    python.current_dir(deploy());
    python.env("PYTHONPATH", PYYAML.fetched().unwrap());
    let output = Guarded::output(&mut python).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let printed = String::from_utf8_lossy(&output.stdout);
    let blocks: usize = printed.split(' ').next().unwrap().parse().unwrap();
    assert!(blocks > 5, "{printed}");
}

#[test]
fn at_each_step_of_the_documented_rotation_of_the_root_all_pods_trust_each_other() {
    let mut python = Command::new("python3");
    python.args(["-B", "-m", "check.rotation"]).arg(eastwest());
    python.current_dir(deploy());
    python.env("PYTHONPATH", PYYAML.fetched().unwrap());
    let output = Guarded::output(&mut python).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
