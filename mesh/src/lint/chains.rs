//! Whether the gateway of the other cluster has a filter chain for a server name whose host its
//! cluster knows, and whether the chain leads to the pod that is meant.

use std::num::NonZeroU16;

use super::listeners::Unexported;
use super::registered::{Fault, Registered};
use super::registry::Registry;
use super::world::Item;
use crate::code::Code;
use crate::finding::Severity;
use crate::hostname::Hostname;
use crate::kinds::gateway::EAST_WEST_PORT;
use crate::yaml::Mark;

/// What a client asks the gateway for.
pub(super) struct Asked<'w> {
    /// Where the client's files say so.
    pub(super) item: &'w Item<'w>,
    pub(super) mark: Mark,
    pub(super) host: &'w Hostname,
    /// The server names in Istio's form, and the port in each.
    pub(super) names: &'w [(NonZeroU16, String)],
    /// The pod of a StatefulSet that is meant.
    pub(super) pod: Option<&'w str>,
    /// The ports at which the gateway is dialled.
    pub(super) dialled: &'w [u16],
}

pub(super) fn check(registry: &Registry<'_>, asked: &Asked<'_>, known: &[&Registered<'_>]) {
    for service in known {
        let Some(pod) = asked.pod else { continue };
        if let Some(fault) = service.other_pod(pod) {
            tell(service, (Severity::Error, Code::WrongPod), fault);
        } else if let Some(fault) = service.several_pods(pod) {
            let what = (Severity::Warning, Code::NoServiceOfItsOwn);
            tell(service, what, fault);
        }
    }
    // Where several clusters have the name, one way through is enough.
    let faults: Option<Vec<_>> = known
        .iter()
        .map(|service| Some((service, service.without_chain(asked.names)?)))
        .collect();
    let faulty = |fault: (&&Registered<'_>, Fault)| {
        tell(fault.0, (Severity::Error, Code::UnknownServerName), fault.1);
    };
    if let Some(faults) = faults {
        return faults.into_iter().for_each(faulty);
    }
    let unexported: Option<Vec<_>> = known
        .iter()
        .filter(|service| service.without_chain(asked.names).is_none())
        .map(|service| registry.unexported(asked.host, service, asked.dialled))
        .collect();
    if let Some(why) = unexported.and_then(|all| all.into_iter().next()) {
        tell_unexported(asked, why);
    }
}

fn tell(service: &Registered<'_>, what: (Severity, Code), fault: Fault) {
    let Fault { mark, message, fix } = fault;
    service.item.tell(what, mark, message, fix, None);
}

fn tell_unexported(asked: &Asked<'_>, why: Unexported) {
    let host = asked.host;
    let (severity, message, fix) = match why {
        Unexported::ByNone(near) => (
            Severity::Error,
            format!(
                "no Gateway's hosts cover {host}, so that none has a filter chain for it: the \
                 connection is accepted and closed without a byte"
            ),
            format!("add {host} to the hosts at {near}"),
        ),
        Unexported::ByRoutes(origin) => (
            Severity::Error,
            format!(
                "the server at {origin} covers {host}, but mode PASSTHROUGH makes filter chains of \
                 a VirtualService's routes and none of services"
            ),
            format!("write tls: {{mode: AUTO_PASSTHROUGH}} for the server at {origin}"),
        ),
        Unexported::Elsewhere(port, origin) => (
            Severity::Warning,
            format!(
                "{host} is exported at {origin} on port {port}, and no endpoint here is dialled \
                 there"
            ),
            format!("write number: {EAST_WEST_PORT} there, unless a load balancer leads to {port}"),
        ),
    };
    let what = (severity, Code::NotExported);
    asked.item.tell(what, asked.mark, message, fix, None);
}
