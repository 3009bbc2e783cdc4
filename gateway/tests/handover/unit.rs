//! The unit for systemd in `deploy/systemd`: what it runs, without systemd.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::ground::Ground;
use crate::talk::says;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../deploy/systemd")
}

/// The value of a key that the unit has once.
fn value(key: &str) -> String {
    let unit = fs::read_to_string(folder().join("eastwest-gateway.service")).unwrap();
    let mut values = unit
        .lines()
        .filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let value = values.next().unwrap();
    assert!(values.next().is_none(), "{key} twice");
    value.to_owned()
}

/// The processes of a shell, of which one stays when it has ended.
struct Group(Pid);

impl Drop for Group {
    fn drop(&mut self) {
        let _ = kill_process_group(self.0, Signal::KILL);
    }
}

#[test]
fn what_the_unit_starts_is_taken_over_by_what_it_runs_to_reload() {
    let ground = Ground::prepare();
    let here = |line: &str| {
        line.replace(
            "/usr/bin/eastwest-gateway",
            env!("CARGO_BIN_EXE_eastwest-gateway"),
        )
        .replace("/etc/eastwest/gateway.yaml", &ground.path("gateway.yaml"))
        .replace("%t/eastwest/handover.sock", &ground.path("handover.sock"))
    };
    fs::write(ground.path("gateway.yaml"), ground.settings()).unwrap();
    let start = here(&value("ExecStart"));
    let mut old = ground.run(|command| {
        let mut words = start.split(' ');
        *command = Command::new(words.next().unwrap());
        command.args(words);
    });
    old.is_up();
    let (mut client, mut pod) = ground.connect(old.address);
    // A shell as systemd finds it: the line has one pair of quotes.
    let reload = here(&value("ExecReload"));
    let line = reload
        .strip_prefix("/bin/sh -c '")
        .unwrap()
        .strip_suffix('\'')
        .unwrap();
    let mut new = ground.run(|command| {
        *command = Command::new("/bin/sh");
        command.args(["-c", line]).process_group(0);
    });
    let number = i32::try_from(new.id()).unwrap();
    let _group = Group(Pid::from_raw(number).unwrap());
    // The shell ends at once, so that `systemctl reload` returns.
    assert!(new.ended().success());
    new.is_up();
    old.was_succeeded();
    says(&mut client, &mut pod, b"after");
    let told = new.logged("took over from process");
    assert!(told.contains("connections=1"), "{told}");
}

#[test]
fn the_unit_is_told_who_is_the_main_process_and_lets_it_lock_itself_in() {
    assert_eq!(value("Type"), "notify");
    assert_eq!(value("NotifyAccess"), "all");
    // Without these it could not lock itself in.
    let calls = value("SystemCallFilter");
    for call in ["seccomp", "landlock_restrict_self"] {
        assert!(calls.split(' ').any(|allowed| allowed == call), "{calls}");
    }
    let socket = fs::read_to_string(folder().join("eastwest-gateway.socket")).unwrap();
    assert!(socket.contains("FileDescriptorName=gateway\n"), "{socket}");
}

#[test]
fn the_unit_is_started_again_as_often_as_it_fails_and_not_where_its_configuration_is_wrong() {
    assert_eq!(value("Restart"), "on-failure");
    // systemd's own five starts in ten seconds, 100 ms apart, would be used up in half a second.
    assert_eq!(value("StartLimitIntervalSec"), "0");
    assert_eq!(value("RestartSec"), "1");
    // `EX_CONFIG`, as --help says.
    assert_eq!(value("RestartPreventExitStatus"), "78");
}

#[test]
fn every_line_of_the_units_is_a_comment_a_section_or_a_setting() {
    for name in ["eastwest-gateway.service", "eastwest-gateway.socket"] {
        for line in fs::read_to_string(folder().join(name)).unwrap().lines() {
            let setting = || {
                let (key, _) = line.split_once('=').unwrap_or_default();
                !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic())
            };
            let section = line.starts_with('[') && line.ends_with(']');
            assert!(
                line.is_empty() || line.starts_with('#') || section || setting(),
                "{line}"
            );
        }
    }
    // What more there is to say systemd says itself, where it is.
    let analyze = Path::new("/usr/bin/systemd-analyze");
    if analyze.exists() {
        verify(analyze);
    }
}

fn verify(analyze: &Path) {
    let dir = tempfile::tempdir().unwrap();
    for name in ["eastwest-gateway.service", "eastwest-gateway.socket"] {
        let unit = fs::read_to_string(folder().join(name)).unwrap();
        // It minds a program that is not installed.
        let unit = unit.replace("/usr/bin/eastwest-gateway", "/bin/true");
        fs::write(dir.path().join(name), unit).unwrap();
    }
    let verified = Command::new(analyze)
        .arg("verify")
        .args(
            ["eastwest-gateway.service", "eastwest-gateway.socket"]
                .map(|name| dir.path().join(name)),
        )
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success() && said.is_empty(), "{said}");
}
