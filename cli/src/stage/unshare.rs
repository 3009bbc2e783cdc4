//! The namespaces of the holder itself: what makes the rest possible without root.

use std::fs;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

use super::error::{Doing, Refusal};

/// Moves this process, which must have one thread only, into a network and a mount namespace of
/// its own; where it lacks the capability for that, into a user namespace too, as its root.
pub(super) fn leave_the_machine() -> Result<(), Refusal> {
    let wanted = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS;
    match unshare(wanted) {
        Err(Errno::EPERM) => as_root_of_a_user_namespace(wanted)?,
        other => other.doing(|| "making a network and a mount namespace".to_owned())?,
    }
    // Without this, mounts made here would spread to the machine.
    mount(
        None::<&str>,
        "/",
        None::<&str>,
        MsFlags::MS_REC | MsFlags::MS_PRIVATE,
        None::<&str>,
    )
    .doing(|| "making the mounts of the stage private".to_owned())
}

fn as_root_of_a_user_namespace(wanted: CloneFlags) -> Result<(), Refusal> {
    let (uid, gid) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER | wanted)
        .doing(|| format!("making a user namespace as user {uid}"))?;
    // user_namespaces(7): an unprivileged gid_map is taken only after setgroups is given up.
    for (file, text) in [
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("0 {uid} 1")),
        ("gid_map", format!("0 {gid} 1")),
    ] {
        fs::write(format!("/proc/self/{file}"), &text)
            .doing(|| format!("writing {text:?} to /proc/self/{file} of a user namespace"))?;
    }
    Ok(())
}
