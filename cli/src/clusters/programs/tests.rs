use tempfile::TempDir;

use super::*;

/// Far more than a shell takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn shell(dir: &TempDir, script: &str) -> Program {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    Program::start("it", command, dir.path()).unwrap()
}

/// Waits until the program has ended, without reaping it.
fn ended(id: u32) {
    let stat = format!("/proc/{id}/stat");
    while !std::fs::read_to_string(&stat).unwrap().contains(") Z ") {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_program_that_has_ended_is_not_ready_whoever_answers() {
    let dir = TempDir::new().unwrap();
    let mut program = shell(&dir, "echo the cause; exit 3");
    ended(program.id());
    let error = program.await_ready(PATIENCE, |_| true).unwrap_err();
    assert!(matches!(error, ProgramError::Ended { .. }), "{error}");
    assert!(error.to_string().contains("the cause"), "{error}");
}

#[test]
fn a_program_that_ends_while_another_answers_is_not_ready() {
    let dir = TempDir::new().unwrap();
    let go = dir.path().join("go");
    let mkfifo = Command::new("mkfifo").arg(&go).status().unwrap();
    assert!(mkfifo.success());
    let mut program = shell(&dir, &format!("read -r line < '{}'; exit 3", go.display()));
    let id = program.id();
    let answer = |_: &str| {
        std::fs::write(&go, "\n").unwrap();
        ended(id);
        true
    };
    let error = program.await_ready(PATIENCE, answer).unwrap_err();
    assert!(matches!(error, ProgramError::Ended { .. }), "{error}");
}

#[test]
fn a_restarted_program_is_judged_by_what_it_prints_itself() {
    let dir = TempDir::new().unwrap();
    let mut first = shell(&dir, "echo up; exec sleep 1000");
    first
        .await_ready(PATIENCE, |printed| printed == "up\n")
        .unwrap();
    drop(first);
    let mut second = shell(&dir, "echo failed; exit 3");
    let error = second
        .await_ready(PATIENCE, |printed| printed.contains("up"))
        .unwrap_err();
    assert!(matches!(error, ProgramError::Ended { .. }), "{error}");
    assert_eq!(second.printed(), "failed\n");
}
