//! The files that make apt work in a directory of ours.

use std::fs;
use std::path::Path;

use crate::mysql::packages::error::FetchError;

/// The configuration file, in the directory.
pub(super) const FILE: &str = "apt.conf";
/// Where packages are downloaded to, in the directory.
pub(super) const ARCHIVES: &str = "archives";

const SOURCES: &str = "sources.list";
/// Debian signs its suites; apt trusts only this keyring for them, if the machine has it, and
/// else the keys that the machine trusts for everything.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Makes the directories and writes the configuration.
pub(super) fn lay_out(dir: &Path) -> Result<(), FetchError> {
    for part in ["lists/partial", "archives/partial", "state"] {
        let part = dir.join(part);
        fs::create_dir_all(&part).map_err(FetchError::io("making", &part))?;
    }
    write(&dir.join("status"), "")?;
    write(&dir.join(FILE), &settings(dir))
}

/// Names the one suite of the one mirror to fetch from.
pub(super) fn write_source(dir: &Path, mirror: &str, suite: &str) -> Result<(), FetchError> {
    let signed = if Path::new(KEYRING).exists() {
        format!("[signed-by={KEYRING}] ")
    } else {
        String::new()
    };
    write(
        &dir.join(SOURCES),
        &format!("deb {signed}{mirror} {suite} main\n"),
    )
}

/// Read after the machine's own configuration, so it needs only what differs. The hooks that are
/// cleared would act on the system; Default-Release and pins could forbid our suite.
fn settings(dir: &Path) -> String {
    let dir = dir.display();
    format!(
        r##"#clear APT::Default-Release;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Update::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Pre-Invoke;
APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
Dir::Cache "{dir}";
Dir::Cache::archives "{dir}/{ARCHIVES}";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourcelist "{dir}/{SOURCES}";
Dir::Etc::sourceparts "/dev/null";
Dir::State "{dir}/state";
Dir::State::lists "{dir}/lists";
Dir::State::status "{dir}/status";
"##
    )
}

fn write(path: &Path, text: &str) -> Result<(), FetchError> {
    fs::write(path, text).map_err(FetchError::io("writing", path))
}
