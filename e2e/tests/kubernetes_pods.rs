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

/// The gateway, hello and its client, the source, a replica in modes redirect and port, and in mode
/// service, where the databases have nothing of ours, the egress; the resolver.
const PODS: &str = "8 pods";

#[test]
fn each_container_of_ours_starts_as_its_manifest_says_and_answers_its_probes() {
    let mut python = Command::new("python3");
    python
        .args(["-B", "-m", "check.containers"])
        .arg(eastwest());
    python.current_dir(deploy());
    python.env("PYTHONPATH", PYYAML.fetched().unwrap());
    let output = Guarded::output(&mut python).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains(PODS), "{printed}");
}
