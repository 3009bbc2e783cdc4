//! What a person can do where the kernel refuses namespaces.

use std::fs;
use std::io;

use nix::errno::Errno;

const MAY_USER_NAMESPACE: &str = "kernel/unprivileged_userns_clone";
const APPARMOR_RESTRICTS: &str = "kernel/apparmor_restrict_unprivileged_userns";
const LIMITS: [&str; 4] = [
    "user/max_user_namespaces",
    "user/max_net_namespaces",
    "user/max_mnt_namespaces",
    "user/max_uts_namespaces",
];

/// Advice that fits `error` on this machine.
pub(super) fn after(error: &io::Error) -> Vec<String> {
    let errno = error.raw_os_error().map(Errno::from_raw);
    errno.map_or_else(Vec::new, |errno| {
        for_errno(errno, |name| {
            let text = fs::read_to_string(format!("/proc/sys/{name}")).ok()?;
            Some(text.trim().to_owned())
        })
    })
}

fn for_errno(errno: Errno, sysctl: impl Fn(&str) -> Option<String>) -> Vec<String> {
    match errno {
        Errno::EPERM | Errno::EACCES => for_denied(sysctl),
        Errno::ENOSPC | Errno::EUSERS => for_limit(sysctl),
        Errno::EROFS => vec![
            "/proc/sys is read-only here, as in a container: run it there with --privileged"
                .to_owned(),
        ],
        Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EINVAL => vec![
            "the kernel may lack a part of it: namespaces, veth, bridge (as root: modprobe veth bridge)"
                .to_owned(),
        ],
        _ => Vec::new(),
    }
}

fn for_denied(sysctl: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut advice = Vec::new();
    if sysctl(MAY_USER_NAMESPACE).as_deref() == Some("0") {
        advice.push(
            "ordinary users may not make user namespaces here: run it as root, or as root \
             allow them with sysctl -w kernel.unprivileged_userns_clone=1"
                .to_owned(),
        );
    }
    if sysctl(APPARMOR_RESTRICTS).as_deref() == Some("1") {
        advice.push(
            "AppArmor takes the capabilities from user namespaces here: run it as root, or as \
             root allow them with sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
                .to_owned(),
        );
    }
    if advice.is_empty() {
        advice.push(
            "in a container or a chroot, it needs CAP_SYS_ADMIN and CAP_NET_ADMIN, and a seccomp \
             profile that allows unshare and mount (for Docker: --privileged)"
                .to_owned(),
        );
    }
    advice
}

fn for_limit(sysctl: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let exhausted = LIMITS
        .iter()
        .find(|name| sysctl(name).as_deref() == Some("0"));
    vec![match exhausted {
        Some(name) => {
            let name = name.replace('/', ".");
            format!("{name} is 0 here: as root, sysctl -w {name}=10000")
        }
        None => "a limit on namespaces is reached: see sysctl user".to_owned(),
    }]
}

#[cfg(test)]
mod tests {
    use nix::errno::Errno;

    use super::for_errno;

    fn advice(errno: Errno, set: &[(&str, &str)]) -> String {
        for_errno(errno, |name| {
            let (_, value) = set.iter().find(|(known, _)| *known == name)?;
            Some((*value).to_owned())
        })
        .join("; ")
    }

    #[test]
    fn debians_switch_is_named_where_it_is_off() {
        let text = advice(Errno::EPERM, &[("kernel/unprivileged_userns_clone", "0")]);
        assert!(
            text.contains("sysctl -w kernel.unprivileged_userns_clone=1"),
            "{text}"
        );
    }

    #[test]
    fn apparmor_is_named_where_it_restricts() {
        let set = [
            ("kernel/unprivileged_userns_clone", "1"),
            ("kernel/apparmor_restrict_unprivileged_userns", "1"),
        ];
        let text = advice(Errno::EACCES, &set);
        assert!(text.starts_with("AppArmor"), "{text}");
    }

    #[test]
    fn without_a_switch_to_blame_the_container_is_suspected() {
        let text = advice(Errno::EPERM, &[("kernel/unprivileged_userns_clone", "1")]);
        assert!(text.contains("CAP_SYS_ADMIN"), "{text}");
    }

    #[test]
    fn the_limit_that_is_zero_is_named() {
        let set = [
            ("user/max_user_namespaces", "9"),
            ("user/max_net_namespaces", "0"),
        ];
        assert_eq!(
            advice(Errno::ENOSPC, &set),
            "user.max_net_namespaces is 0 here: as root, sysctl -w user.max_net_namespaces=10000"
        );
    }

    #[test]
    fn errors_that_say_enough_get_no_advice() {
        assert_eq!(advice(Errno::EEXIST, &[]), "");
    }
}
