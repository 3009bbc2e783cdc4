//! The shim's files, as they are seen from an ephemeral container that was put beside it
//! (`kubectl debug --target`), which shares its PID namespace.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::doctor::shim;
use crate::programs::is_ours;

/// The root of the file system of the process that tells this status. None where no process of that number is
/// here, or another program has it: in another PID namespace the number is somebody else's.
pub(super) fn root(status: &str) -> Option<PathBuf> {
    let status: Value = serde_json::from_str(shim::body(status)?).ok()?;
    let pid = status.pointer("/program/pid")?.as_u64()?.try_into().ok()?;
    let root = PathBuf::from(format!("/proc/{pid}/root"));
    (is_ours(pid) && pid != std::process::id()).then_some(root)
}

/// The same file below another root, where it is there and not here.
pub(super) fn seen(path: PathBuf, root: &Path) -> PathBuf {
    let below = path.strip_prefix("/").map(|path| root.join(path));
    match below {
        Ok(below) if !path.exists() && below.exists() => below,
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_not_here_are_those_beside() {
        let beside = tempfile::tempdir().unwrap();
        let file = PathBuf::from("/no-such-folder/manifests");
        assert_eq!(seen(file.clone(), beside.path()), file);
        let there = beside.path().join("no-such-folder/manifests");
        std::fs::create_dir_all(&there).unwrap();
        assert_eq!(seen(file, beside.path()), there);
        assert_eq!(seen("/etc".into(), beside.path()), Path::new("/etc"));
    }

    #[test]
    fn the_files_of_another_program_are_not_the_shims() {
        // The process that has this number here is the test, and its parent cargo or a shell.
        let parent = std::os::unix::process::parent_id();
        for pid in [parent, std::process::id(), u32::MAX] {
            let status = format!("HTTP/1.1 200 OK\r\n\r\n{{\"program\":{{\"pid\":{pid}}}}}");
            assert_eq!(root(&status), None, "{pid}");
        }
        assert_eq!(root("HTTP/1.1 404 Not Found\r\n\r\n{}"), None);
    }
}
