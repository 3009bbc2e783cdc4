//! Becoming a program on a host of a stage: `eastwest stage-exec`.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use eastwest_daemon::in_full;
use nix::sched::{CloneFlags, setns};

/// The exit codes of env(1) and its like, when it is not the program's own.
const FAILED: u8 = 125;
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

/// Where to run what.
#[derive(Debug, clap::Args)]
pub struct ExecArgs {
    /// Process id of the stage's holder
    #[arg(long, value_name = "PID")]
    holder: u32,
    /// Name of the host
    #[arg(long, value_name = "NAME")]
    host: String,
    /// Program to become, and its arguments
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "PROGRAM"
    )]
    program: Vec<OsString>,
}

/// Joins the host's namespaces and becomes the program; returns only if that fails.
/// The process must have one thread only.
pub(super) fn run(args: &ExecArgs) -> ExitCode {
    let Some((program, arguments)) = args.program.split_first() else {
        return ExitCode::from(FAILED);
    };
    if let Err(error) = enter(args) {
        return report(&in_full(&error), FAILED);
    }
    let error = Command::new(program).args(arguments).exec();
    let code = match error.kind() {
        io::ErrorKind::NotFound => NOT_FOUND,
        _ => NOT_EXECUTABLE,
    };
    let program = Path::new(program).display();
    report(
        &format!("on host {:?}: cannot run {program}: {error}", args.host),
        code,
    )
}

fn report(problem: &str, code: u8) -> ExitCode {
    let _ = writeln!(io::stderr(), "eastwest stage-exec: {problem}");
    ExitCode::from(code)
}

fn enter(args: &ExecArgs) -> anyhow::Result<()> {
    let thread = find(args.holder, &args.host)?;
    let directory = env::current_dir().context("finding the current directory")?;
    // All are opened first: once inside the user namespace, the holder may be out of reach.
    let open = |name: &str| {
        let path = thread.join("ns").join(name);
        File::open(&path).with_context(|| format!("opening {}", path.display()))
    };
    let (user, uts, net, mnt) = (open("user")?, open("uts")?, open("net")?, open("mnt")?);
    if !is_own_user_namespace(&user)? {
        setns(&user, CloneFlags::CLONE_NEWUSER).context("joining the stage's user namespace")?;
    }
    for (file, kind) in [
        (&uts, CloneFlags::CLONE_NEWUTS),
        (&net, CloneFlags::CLONE_NEWNET),
        (&mnt, CloneFlags::CLONE_NEWNS),
    ] {
        setns(file, kind).with_context(|| format!("joining {kind:?} of host {:?}", args.host))?;
    }
    // Joining a mount namespace moves to its root.
    env::set_current_dir(&directory)
        .with_context(|| format!("going back to {}", directory.display()))?;
    // The holder lets its threads go before it looks for programs to kill: a program that has
    // come in and still finds the thread will be found.
    if !is_thread_of(&thread, &args.host) {
        bail!("the stage ended just now");
    }
    Ok(())
}

/// The `/proc` directory of the thread that keeps the host.
fn find(holder: u32, host: &str) -> anyhow::Result<PathBuf> {
    let tasks = format!("/proc/{holder}/task");
    let gone = || format!("there is no process {holder}, so the stage that it held has ended");
    let mut names = Vec::new();
    for entry in fs::read_dir(&tasks).with_context(gone)? {
        let thread = entry.with_context(gone)?.path();
        if thread.file_name() == Some(holder.to_string().as_ref()) {
            continue;
        }
        if is_thread_of(&thread, host) {
            return Ok(thread);
        }
        names.extend(thread_name(&thread));
    }
    bail!(
        "process {holder} holds no host {host:?}, but: {}",
        names.join(", ")
    )
}

fn is_thread_of(thread: &Path, host: &str) -> bool {
    thread_name(thread).as_deref() == Some(host)
}

fn thread_name(thread: &Path) -> Option<String> {
    let name = fs::read_to_string(thread.join("comm")).ok()?;
    Some(name.trim_end().to_owned())
}

/// A process cannot join the user namespace that it is in (setns(2)).
fn is_own_user_namespace(user: &File) -> anyhow::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (own, other) = (fs::metadata("/proc/self/ns/user")?, user.metadata()?);
    Ok((own.dev(), own.ino()) == (other.dev(), other.ino()))
}
