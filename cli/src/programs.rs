//! Processes in which our programs run, as /proc names them.

use std::fs;

/// What the names of all of them begin with.
const OURS: &str = "eastwest";

/// Whether the process of this number is one of ours. A number of another PID namespace is somebody else's here.
pub(crate) fn is_ours(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with(OURS))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::{Read, Write};
    use std::os::unix::fs::symlink;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// A process of this name, which ends with its standard input.
    pub(crate) fn called(name: &str) -> Child {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join(name);
        symlink("/bin/cat", &program).unwrap();
        let mut command = Command::new(program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // Where one program is many, it goes by this.
        let mut child = command.arg0("cat").spawn().unwrap();
        // The kernel lets a parent go on before it gives the child its name: once that echoes, it has it.
        child.stdin.as_mut().unwrap().write_all(b"x").unwrap();
        let echo = child.stdout.as_mut().unwrap();
        echo.read_exact(&mut [0]).unwrap();
        child
    }

    #[test]
    fn a_program_is_known_by_its_name() {
        for (name, ours) in [
            ("eastwest", true),
            ("eastwest-gateway", true),
            ("west", false),
        ] {
            let mut child = called(name);
            assert_eq!(is_ours(child.id()), ours, "{name}");
            drop(child.stdin.take());
            child.wait().unwrap();
        }
        assert!(!is_ours(u32::MAX));
    }
}
