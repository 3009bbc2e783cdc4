//! Ports of an alias that several ServiceEntries define.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU16;

use super::served::{Candidate, because};
use crate::code::Code;
use crate::hostname::Hostname;
use crate::kinds::service_entry::ServicePort;
use crate::route::{DownRoute, Route};

/// Of definitions that say the same one stands. Where they differ none is served: were it the first
/// one, a file that is renamed would lead the alias to another database. What is not served keeps its
/// claim to an address and a port, or these would go to other aliases.
pub(super) fn settle<'a>(
    found: Vec<Candidate<'a>>,
    down: &mut Vec<DownRoute>,
) -> Vec<Candidate<'a>> {
    let mut by_port: HashMap<(&Hostname, NonZeroU16), Vec<&Candidate<'_>>> = HashMap::new();
    for one in &found {
        let key = (&one.route.alias, one.route.port);
        by_port.entry(key).or_default().push(one);
    }
    let verdicts: Vec<Verdict> = found
        .iter()
        .map(|one| {
            let all = by_port.get(&(&one.route.alias, one.route.port));
            judge(one, all.map_or(&[][..], Vec::as_slice), down)
        })
        .collect();
    let both = found.into_iter().zip(verdicts);
    both.filter_map(|(mut candidate, verdict)| {
        candidate.withheld = verdict == Verdict::Withheld;
        (verdict != Verdict::LeftOut).then_some(candidate)
    })
    .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Stands,
    LeftOut,
    Withheld,
}

/// `all` are the definitions of the port, in the order of the files.
fn judge(one: &Candidate<'_>, all: &[&Candidate<'_>], down: &mut Vec<DownRoute>) -> Verdict {
    let Some(other) = all.iter().find(|other| !std::ptr::eq(**other, one)) else {
        return Verdict::Stands;
    };
    let is_first = all.first().is_some_and(|first| std::ptr::eq(*first, one));
    let (host, port) = (&one.route.alias, one.route.port);
    let place = &other.route.origin;
    let fix =
        "take one of the two out; several gateways belong under one endpoints list".to_owned();
    if all.iter().any(|other| !says_the_same(one, other)) {
        let message = format!(
            "{host}:{port} is defined at {place}, too, and the two differ; it would follow from the names \
             of the files which one counts, so neither is served"
        );
        // One report of it is enough.
        let reason = if is_first {
            because(Code::DefinedTwice, one.port_origin, message)
        } else {
            one.alias
                .error(Code::DefinedTwice, one.port_origin, message, fix)
        };
        down.push(one.alias.down(Some(port), reason));
        return Verdict::Withheld;
    }
    if is_first {
        return Verdict::Stands;
    }
    let message = format!(
        "{host}:{port} is defined already at {place}; that one stands, this one is not served"
    );
    one.alias
        .error(Code::DefinedTwice, one.port_origin, message, fix);
    Verdict::LeftOut
}

/// Whether it makes no difference which of the two counts.
fn says_the_same(one: &Candidate<'_>, two: &Candidate<'_>) -> bool {
    let there = Route {
        origin: two.route.origin.clone(),
        ..one.route.clone()
    };
    there == two.route && wishes(one) == wishes(two)
}

/// What it says of its addresses and of its port in mode `service`.
fn wishes<'c>(one: &'c Candidate<'_>) -> (Vec<IpAddr>, Vec<IpAddr>, Vec<&'c ServicePort>) {
    let entry = &one.alias.entry.value;
    (
        entry.addresses.iter().map(|ip| ip.value).collect(),
        entry.allocated.iter().map(|ip| ip.address.value).collect(),
        entry.service_ports.iter().map(|port| &port.value).collect(),
    )
}
