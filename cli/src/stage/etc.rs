//! The files under `/etc` that a host has of its own.

use std::fs;
use std::io;
use std::path::Path;

use nix::mount::{MntFlags, MsFlags, mount, umount2};

use super::error::{Doing, Refusal};
use super::plan::HostPlan;

/// Where the files are made before they are mounted over `/etc`; covered for that moment only.
const WORKSHOP: &str = "/tmp";
/// glibc asks the machine's name service cache here before it asks any nameserver.
const CACHE_DAEMON: &str = "/run/nscd";

/// Puts the host's own files over those of the machine, in the mount namespace of the calling
/// thread. Programs read them as usual; the machine's files are not touched.
pub(super) fn cover(host: &HostPlan) -> Result<(), Refusal> {
    tmpfs(WORKSHOP).doing(|| format!("mounting a tmpfs for the files of host {:?}", host.name))?;
    let files = [
        ("resolv.conf", Some(host.resolv_conf.to_string())),
        ("hosts", Some(hosts(host))),
        ("hostname", Some(format!("{}\n", host.name))),
        ("nsswitch.conf", nsswitch()),
    ];
    for (name, text) in files {
        if let Some(text) = text {
            cover_file(name, &text)
                .doing(|| format!("mounting host {:?}'s /etc/{name}", host.name))?;
        }
    }
    umount2(WORKSHOP, MntFlags::MNT_DETACH).doing(|| format!("uncovering {WORKSHOP}"))?;
    if Path::new(CACHE_DAEMON).is_dir() {
        tmpfs(CACHE_DAEMON).doing(|| format!("covering {CACHE_DAEMON}"))?;
    }
    Ok(())
}

fn tmpfs(target: &str) -> io::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(
        Some("eastwest"),
        target,
        Some("tmpfs"),
        flags,
        Some("mode=755"),
    )?;
    Ok(())
}

fn cover_file(name: &str, text: &str) -> io::Result<()> {
    let target = Path::new("/etc").join(name);
    if !target.exists() {
        // Only resolv.conf must be there: without the others, the C library's defaults are right.
        return if name == "resolv.conf" {
            let absent = "there is no such file on this machine to mount over: as root, touch it";
            Err(io::Error::new(io::ErrorKind::NotFound, absent))
        } else {
            Ok(())
        };
    }
    let made = Path::new(WORKSHOP).join(name);
    fs::write(&made, text)?;
    mount(
        Some(&made),
        &target,
        None::<&str>,
        MsFlags::MS_BIND,
        None::<&str>,
    )?;
    Ok(())
}

/// As the kubelet writes it: loopback, and the host's own name.
fn hosts(host: &HostPlan) -> String {
    let own = host
        .addresses()
        .map(|net| format!("{}\t{}\n", net.addr(), host.name));
    std::iter::once("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n".to_owned())
        .chain(own)
        .collect()
}

/// The machine's nsswitch.conf, but with host names from `/etc/hosts` and DNS only: modules such
/// as `resolve` and `mymachines` would ask the machine's own services. None where there is none.
fn nsswitch() -> Option<String> {
    let machine = fs::read_to_string("/etc/nsswitch.conf").ok()?;
    Some(hosts_from_dns(&machine))
}

fn hosts_from_dns(machine: &str) -> String {
    machine
        .lines()
        .filter(|line| !line.trim_start().starts_with("hosts:"))
        .chain(std::iter::once("hosts: files dns"))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use ipnet::IpNet;

    use super::super::plan::HostPlan;
    use super::{hosts, hosts_from_dns};

    #[test]
    fn only_the_line_for_hosts_is_replaced() {
        let machine = "passwd: files sss\nhosts: files resolve [!UNAVAIL=return] dns\nrpc: files\n";
        assert_eq!(
            hosts_from_dns(machine),
            "passwd: files sss\nrpc: files\nhosts: files dns\n"
        );
    }

    #[test]
    fn a_host_knows_its_own_name() {
        let address = IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7)), 24);
        let text = hosts(&HostPlan::new("a").on("n", address));
        assert!(text.ends_with("10.0.0.7\ta\n"), "{text}");
    }
}
