//! Who must be at the far end of an alias, and that it is mTLS which proves it.

use std::collections::{BTreeMap, BTreeSet};

use super::alias::Alias;
use super::served::Candidate;
use crate::code::Code;
use crate::finding::{Finding, Located};
use crate::hostname::Hostname;
use crate::kinds::destination_rule::Mode;
use crate::peer::{Accepted, PeerRule};
use crate::spiffe::SpiffePattern;

/// A DestinationRule that asks for less than mTLS, or for certificates of its own.
pub(super) fn check_mode(alias: &Alias<'_>) -> Result<(), Finding> {
    let Some(rule) = alias.rule.map(|rule| rule.loaded) else {
        return Ok(());
    };
    let (asked, mark) = match rule.value.tls.mode {
        None | Some((Mode::IstioMutual, _)) => return Ok(()),
        Some((Mode::Disable, mark)) => ("DISABLE would send the bytes in clear", mark),
        Some((Mode::Simple, mark)) => ("SIMPLE would show no certificate to the far end", mark),
        Some((Mode::Mutual, mark)) => ("MUTUAL would use other certificates", mark),
    };
    let message = format!(
        "tls.mode {asked}, and {} is served over mTLS with the workload's own identity or not at all",
        alias.host.value
    );
    if rule.report.first_error().is_none() {
        rule.report
            .error_with_fix(Code::FarEndMode, mark, &message, "write mode: ISTIO_MUTUAL");
    }
    match rule.report.first_error() {
        Some(reason) => Err(reason),
        None => Ok(()),
    }
}

/// Identities of the DestinationRule; else of the ServiceEntry and its endpoints; else whoever
/// runs in the remote host's namespace (Istio's order: `subjectAltNames` of a rule override).
pub(super) fn peer_rule(alias: &Alias<'_>, domain: &Hostname) -> Option<PeerRule> {
    let identity = |san: &Located<SpiffePattern>| Accepted::Identity(san.value.clone());
    let entry = &alias.entry.value;
    let by_rule = alias
        .rule
        .map_or(&[][..], |rule| &rule.loaded.value.tls.identities);
    if let Some(first) = by_rule.first() {
        let rule = PeerRule::new(by_rule.iter().map(identity).collect());
        return Some(rule.written_at(&first.origin));
    }
    let accounts = entry
        .endpoints
        .iter()
        .filter_map(|endpoint| endpoint.service_account.clone());
    let account = |account| Accepted::ServiceAccount {
        namespace: entry.namespace.clone(),
        account,
    };
    let mut accepted: Vec<_> = entry.identities.iter().map(identity).collect();
    for account in accounts.map(account) {
        if !accepted.contains(&account) {
            accepted.push(account);
        }
    }
    if accepted.is_empty() {
        let namespace = namespace(&alias.remote, domain)?;
        accepted.push(Accepted::Namespace(namespace.to_owned()));
    }
    Some(PeerRule::new(accepted).written_at(&alias.host.origin))
}

/// A note for each namespace of which any account will do, at the first alias that leads there.
pub(super) fn tell_whole_namespaces(candidates: &[Candidate<'_>]) {
    let mut told: BTreeMap<&str, (&Candidate<'_>, BTreeSet<&Hostname>)> = BTreeMap::new();
    for one in candidates {
        if let Some(namespace) = one.route.peer.whole_namespace() {
            let (_, aliases) = told
                .entry(namespace)
                .or_insert_with(|| (one, BTreeSet::new()));
            aliases.insert(&one.route.alias);
        }
    }
    for (namespace, (Candidate { alias, route, .. }, aliases)) in told {
        let others = match aliases.len() {
            1 => String::new(),
            all => format!(" and of {} more", all - 1),
        };
        let message = format!(
            "no account is named for the far end of {}{others}, so that any account of namespace {namespace} \
             will do; add serviceAccount to the endpoints, or subjectAltNames",
            route.alias
        );
        let report = &alias.entry.report;
        report.note(Code::AnyAccount, route.origin.mark(), message);
    }
}

/// The namespace in `POD.SERVICE.NAMESPACE.svc.DOMAIN`, also where the other cluster's domain is
/// not ours.
fn namespace<'a>(remote: &'a Hostname, domain: &Hostname) -> Option<&'a str> {
    let elsewhere = || {
        let (front, _) = remote.as_str().split_once(".svc.")?;
        front.rsplit_once('.').map(|(_, namespace)| namespace)
    };
    remote.namespace(domain).or_else(elsewhere)
}
