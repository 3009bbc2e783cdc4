//! Hosts of a ServiceEntry that istiod refuses, or takes for less than they look.

use super::dns_names::{is_partial_wildcard, wrong_with};
use super::entry::{Entry, Transport};
use super::world::World;
use crate::code::Code;
use crate::finding::Severity;

pub(super) fn check(world: &World<'_>) {
    for entry in &world.entries {
        for host in &entry.hosts {
            if host.text == "*" {
                let message = "the host \"*\" is refused: it would take all traffic";
                let fix = "write the names, or a wildcard with a suffix";
                entry.item.refused(Code::EntryHost, host.mark, message, fix);
            } else if let Some(why) = wrong_with(host.text) {
                let message = format!("istiod refuses the host {:?}: {why}", host.text);
                let fix = "write a DNS name of letters, digits and '-'";
                entry.item.refused(Code::EntryHost, host.mark, message, fix);
            } else if is_partial_wildcard(host.text) {
                let what = (Severity::Warning, Code::EntryHost);
                let message = format!(
                    "{:?} is a wildcard within a label, which proxies do not match as one",
                    host.text
                );
                entry
                    .item
                    .tell(what, host.mark, message, "write *.SUFFIX", None);
            }
        }
        share_tcp(entry);
    }
}

/// Bytes on a TCP port do not say which of several hosts they are for.
fn share_tcp(entry: &Entry<'_>) {
    let told_apart = |transport| matches!(transport, Transport::Http | Transport::Tls);
    let port = entry.ports.iter().find(|port| !told_apart(port.transport));
    if let (Some(second), Some(port)) = (entry.hosts.get(1), port)
        && entry.resolution() != "NONE"
    {
        let message = format!(
            "istiod refuses several hosts with a port that is neither HTTP nor TLS ({}): nothing in \
             the bytes says which host is meant",
            port.name
        );
        let fix = "write one ServiceEntry for each host";
        entry
            .item
            .refused(Code::HostsShareTcp, second.mark, message, fix);
    }
}
