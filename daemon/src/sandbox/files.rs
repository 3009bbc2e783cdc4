//! Landlock: which files and which ports the process may use.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, NetPort,
    PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError,
    RulesetStatus,
};

use super::reach::Reach;

/// What each process reads of itself: descriptors and memory, for metrics, and the limit of its CPUs,
/// by which libraries choose how many parts their tables have.
const OWN: [&str; 2] = ["/proc/self", "/sys/fs/cgroup"];

/// Where a program with its C library inside has random numbers from: it does not find getrandom(2) by its
/// name in a library. The first says whether the second has been seeded.
const RANDOM: [&str; 2] = ["/dev/random", "/dev/urandom"];

/// The kernel's version of Landlock whose rights are asked for; an older one has some of them. The
/// fifth (Linux 6.10) is the last that says something about files and TCP ports.
const VERSION: ABI = ABI::V5;

/// Restricts the calling thread and those that it starts from then on.
///
/// `Ok` is whether all that was asked for is in force, `Err` why nothing is.
pub(super) fn confine(reach: &Reach) -> Result<bool, String> {
    let status = rules(reach)
        .and_then(RulesetCreated::restrict_self)
        .map_err(|error| error.to_string())?;
    match (status.ruleset, status.landlock) {
        (RulesetStatus::FullyEnforced, _) => Ok(true),
        (RulesetStatus::PartiallyEnforced, _) => Ok(false),
        (RulesetStatus::NotEnforced, LandlockStatus::NotEnabled) => {
            Err("not enabled in this kernel (boot parameter lsm=landlock,...)".to_owned())
        }
        (RulesetStatus::NotEnforced, _) => Err("not supported by this kernel".to_owned()),
    }
}

/// The rules, as far as the kernel knows them.
fn rules(reach: &Reach) -> Result<RulesetCreated, RulesetError> {
    let mut handled = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(VERSION))?;
    if reach.bound().is_some() {
        handled = handled.handle_access(AccessNet::BindTcp)?;
    }
    if reach.connect.is_some() {
        handled = handled.handle_access(AccessNet::ConnectTcp)?;
    }
    let mut rules = handled.create()?;
    let folder = AccessFs::ReadFile | AccessFs::ReadDir;
    let own = OWN.iter().map(Path::new);
    for path in own.chain(reach.folders.iter().map(PathBuf::as_path)) {
        rules = beneath(rules, path, folder)?;
    }
    let files = reach.files.iter().map(PathBuf::as_path);
    for path in files.chain(RANDOM.map(Path::new)) {
        rules = beneath(rules, path, AccessFs::ReadFile.into())?;
    }
    for path in &reach.socket_folders {
        // To open it is to lock it.
        let socket = AccessFs::MakeSock | AccessFs::RemoveFile | AccessFs::ReadDir;
        rules = beneath(rules, path, socket)?;
    }
    let ports = [
        (reach.bound(), AccessNet::BindTcp),
        (reach.connect.as_ref(), AccessNet::ConnectTcp),
    ];
    for (ports, access) in ports {
        for port in ports.into_iter().flatten() {
            rules = rules.add_rule(NetPort::new(*port, access))?;
        }
    }
    Ok(rules)
}

/// What is not there needs no rule: whoever reads it says so.
fn beneath(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    match PathFd::new(path) {
        Ok(opened) => rules.add_rule(PathBeneath::new(opened, access)),
        Err(_) => Ok(rules),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_made_for_files_folders_sockets_and_ports_and_for_what_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("read.yaml");
        std::fs::write(&file, "").unwrap();
        let reach = Reach::new()
            .read_once("/etc/hosts")
            .read_once("/nonexistent/file")
            .read_again([&file])
            .socket(&dir.path().join("handover.sock"))
            .listens([
                "127.0.0.1:15443".parse().unwrap(),
                "[::1]:15021".parse().unwrap(),
            ])
            .dials([53]);
        rules(&reach).unwrap();
    }
}
