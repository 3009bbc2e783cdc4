//! What the whole-system tests start from: the `eastwest` program, and the two clusters with it.
//!
//! Everything is real: processes, namespaces, DNS, TLS, databases. A test that cannot run where it
//! is fails and says why.

pub mod browser;
mod counted;
pub mod envoy;
pub mod faults;
pub mod fetched;
pub mod istiod;
pub mod packets;
pub mod proxy;
pub mod rendered;
pub mod wire;

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

pub use counted::CountedClusters;
use eastwest::clusters::{Clusters, ClustersError, Layout};
use eastwest::mysql::{FetchError, Flavor, Installed, Packages};
use eastwest::stage::{HostPlan, Stage, StageError, StageHost, StagePlan};
use ipnet::IpNet;

/// The program under test, built from this tree.
///
/// # Panics
/// When it cannot be built: no test means anything then.
#[must_use]
#[expect(clippy::panic, reason = "only tests call this, and none can go on")]
pub fn eastwest() -> PathBuf {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match BUILT.get_or_init(build) {
        Ok(path) => path.clone(),
        Err(error) => panic!("building eastwest: {error}"),
    }
}

/// `cargo test -p eastwest-e2e` alone builds no binary of another package.
fn build() -> Result<PathBuf, String> {
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    // target/PROFILE/deps/TEST, or target/PROFILE/PROGRAM
    let profile = here
        .ancestors()
        .skip(1)
        .find(|folder| !folder.ends_with("deps"))
        .ok_or("the test is not in a target folder")?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args([
        "build",
        "--quiet",
        "--package",
        "eastwest",
        "--bin",
        "eastwest",
    ]);
    if profile.ends_with("release") {
        command.arg("--release");
    }
    let status = command.status().map_err(|error| error.to_string())?;
    if status.success() {
        Ok(profile.join("eastwest"))
    } else {
        Err(status.to_string())
    }
}

/// Both clusters in namespaces, with name servers, the hello pods, the gateway, and an app's pod in
/// cluster B with its shim.
///
/// # Errors
/// When something of it does not start.
pub fn hello() -> Result<CountedClusters, ClustersError> {
    let mut clusters = CountedClusters::prepare(Layout::Stage)?;
    clusters.start_dns()?;
    clusters.start_cluster_a()?;
    clusters.start_outbound_shim("b-app", ("demo", "app"), eastwest::clusters::Capture::Vip)?;
    Ok(clusters)
}

/// Has the app's shim start anew, with its manifests, its identity and these flags.
///
/// # Errors
/// When it does not start.
pub fn restart_app_shim(clusters: &mut Clusters, flags: &[&str]) -> Result<(), ClustersError> {
    clusters.stop("b-app-shim");
    let manifests = clusters.manifests().cluster_b();
    let identity = clusters
        .certificates()
        .workload("cluster-b", "demo", "app")?;
    let files = [("--manifests", manifests), ("--identity", identity)];
    let files = files
        .into_iter()
        .flat_map(|(flag, path)| [flag.to_owned(), path.display().to_string()]);
    let args: Vec<String> = files
        .chain(flags.iter().map(|flag| (*flag).to_owned()))
        .collect();
    clusters.start_with("b-app-shim", ("b-app", "shim"), &args)
}

/// A machine with loopback addresses of its own, on which no other test runs anything.
///
/// # Errors
/// When namespaces are refused.
pub fn machine() -> Result<(Stage, StageHost), StageError> {
    let address = IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 24);
    let plan = StagePlan::new()
        .network("lan")
        .host(HostPlan::new("machine").on("lan", address));
    let stage = Stage::start(&eastwest(), &plan)?;
    let host = stage.host("machine")?;
    Ok((stage, host))
}

/// The servers of a flavor, fetched if they are not here yet. None if Debian unstable has no MySQL
/// today, which says nothing about this project: then it is said that `test` is skipped, and why.
///
/// # Panics
/// When they cannot be fetched for any other reason.
#[must_use]
#[expect(clippy::panic, reason = "only tests call this, and none can go on")]
pub fn installed(flavor: Flavor, test: &str) -> Option<Installed> {
    let ensured = Packages::in_default_cache().and_then(|packages| packages.ensure(flavor));
    match (ensured, flavor) {
        (Ok(installed), _) => Some(installed),
        (Err(reason @ FetchError::NotInSuite { .. }), Flavor::MySql) => {
            // Not `eprintln!`, which the test harness would keep back.
            let _ = writeln!(io::stderr(), "SKIPPED {test}: {reason}");
            None
        }
        (Err(error), _) => panic!("{error}"),
    }
}
