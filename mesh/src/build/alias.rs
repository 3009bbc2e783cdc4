//! Which hosts of ServiceEntries are aliases, and what each stands for.

use super::rules::{Rule, Rules};
use crate::alias;
use crate::code::Code;
use crate::finding::{Finding, Located};
use crate::hostname::Hostname;
use crate::kinds::gateway::EAST_WEST_PORT;
use crate::kinds::service_entry::{Endpoint, ServiceEntry};
use crate::manifest::Loaded;
use crate::sni::ServerName;

/// One host of a ServiceEntry that stands for a pod of another cluster.
pub(super) struct Alias<'a> {
    pub(super) entry: &'a Loaded<ServiceEntry>,
    pub(super) host: &'a Located<Hostname>,
    pub(super) remote: Hostname,
    pub(super) named_by: NamedBy,
    pub(super) server_name: Option<&'a ServerName>,
    pub(super) rule: Option<&'a Rule<'a>>,
    /// Why it can't be served, if its own objects say so already.
    pub(super) broken: Option<Finding>,
}

/// What told the remote host, the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedBy {
    Annotation,
    ServerName,
    Convention,
}

/// Finds the aliases in the order of the files. ServiceEntries without one get a note.
pub(super) fn find<'a>(
    entries: &'a [Loaded<ServiceEntry>],
    rules: &'a Rules<'a>,
    domain: &Hostname,
) -> Vec<Alias<'a>> {
    let mut aliases = Vec::new();
    for entry in entries {
        let before = aliases.len();
        let hosts = entry.value.hosts.iter();
        aliases.extend(hosts.filter_map(|host| read(entry, host, rules, domain)));
        if aliases.len() == before {
            pass_over(entry, domain);
        }
        wildcards(entry);
    }
    aliases
}

fn read<'a>(
    entry: &'a Loaded<ServiceEntry>,
    host: &'a Located<Hostname>,
    rules: &'a Rules<'a>,
    domain: &Hostname,
) -> Option<Alias<'a>> {
    let rule = rules.find(&host.value);
    let server_name = rule.and_then(Rule::server_name);
    let annotation = entry
        .value
        .remote_host
        .as_ref()
        .map(|remote| remote.value.clone());
    let (remote, named_by) = match (annotation, server_name) {
        (Some(remote), _) => (remote, NamedBy::Annotation),
        (None, Some(name)) => (name.host.clone(), NamedBy::ServerName),
        (None, None) => (
            alias::remote_host(&host.value, domain)?,
            NamedBy::Convention,
        ),
    };
    if let Some(rule) = rule {
        rule.mark_used();
    }
    let broken = entry
        .report
        .first_error()
        .or_else(|| rule.and_then(|rule| rules.broken(rule)));
    Some(Alias {
        entry,
        host,
        remote,
        named_by,
        server_name,
        rule,
        broken,
    })
}

/// A ServiceEntry about something else. Its faults are none of ours, unless it lies in our own
/// cluster domain, where it may tell a gateway a port, or has no readable host at all.
fn pass_over(entry: &Loaded<ServiceEntry>, domain: &Hostname) {
    let Some(first) = entry.value.hosts.first() else {
        return;
    };
    let inside = entry
        .value
        .hosts
        .iter()
        .any(|host| host.value.namespace(domain).is_some());
    if !inside {
        entry.report.clear();
    }
    let mark = first.origin.mark();
    let message = format!(
        "{} is no alias here: no annotation eastwest.dev/remote-host, no DestinationRule with \
         tls.sni, and not named src-POD-ORDINAL.NAMESPACE.svc.{domain}",
        first.value
    );
    // What leads to an east-west gateway was meant to be one.
    if leads_to_a_gateway(entry) {
        let fix = "add the annotation eastwest.dev/remote-host: POD.SERVICE.NAMESPACE.svc.DOMAIN";
        entry
            .report
            .warning_with_fix(Code::Unmapped, mark, message, fix);
    } else {
        entry.report.note(Code::Unmapped, mark, message);
    }
}

fn leads_to_a_gateway(entry: &Loaded<ServiceEntry>) -> bool {
    let ports = &entry.value.ports;
    let dialled = |endpoint: &Endpoint| {
        ports
            .iter()
            .any(|port| endpoint.port_for(port).get() == EAST_WEST_PORT)
    };
    entry.value.endpoints.iter().any(dialled)
}

fn wildcards(entry: &Loaded<ServiceEntry>) {
    for wildcard in &entry.value.wildcards {
        let (mark, name) = (wildcard.origin.mark(), &wildcard.value);
        if entry.value.endpoints.is_empty() {
            entry.report.note(
                Code::AliasWildcard,
                mark,
                format!("{name} is no alias here: it is a wildcard"),
            );
            continue;
        }
        entry.report.error_with_fix(
            Code::AliasWildcard,
            mark,
            format!(
                "{name} is a wildcard, and an alias is one exact name with an address of its own"
            ),
            "write one ServiceEntry for each pod",
        );
    }
}
