//! Taking Debian packages apart beside the system.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::apt::{packages_in, run, said};
use super::error::FetchError;
use crate::mysql::flavor::Flavor;

/// What the servers depend on for their scripts only, or never load.
const NOT_NEEDED: [&str; 5] = ["perl", "libperl", "libc-gconv", "libgdbm", "libdb5"];

/// Unpacks the packages in `archives` into `root`, without those parts that are never run.
pub(super) fn unpack(flavor: Flavor, archives: &Path, root: &Path) -> Result<(), FetchError> {
    fs::create_dir_all(root).map_err(FetchError::io("making", root))?;
    for package in packages_in(archives)? {
        let name = package.file_name().unwrap_or_default().to_string_lossy();
        if NOT_NEEDED.iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        let mut command = Command::new("dpkg-deb");
        command.arg("--extract").arg(&package).arg(root);
        let output = run("dpkg-deb", &mut command)?;
        if !output.status.success() {
            return Err(FetchError::Failed {
                flavor,
                command: format!("dpkg-deb --extract {name}"),
                status: output.status.to_string(),
                said: said(&output),
            });
        }
    }
    drop_other_programs(flavor, root)
}

/// Removes the tools beside the client: for MySQL they are two fifths of the whole.
fn drop_other_programs(flavor: Flavor, root: &Path) -> Result<(), FetchError> {
    let bin = root.join("usr/bin");
    // Without it there is no client either: the check of the layout says so, in better words.
    let Ok(entries) = fs::read_dir(&bin) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry.map_err(FetchError::io("reading", &bin))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !flavor.client_programs().contains(&name.as_ref()) {
            fs::remove_file(&path).map_err(FetchError::io("removing", &path))?;
        }
    }
    Ok(())
}
