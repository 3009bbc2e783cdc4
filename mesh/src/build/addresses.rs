//! One address or more for each alias, and no address for two.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::alias::Alias;
use super::served::Candidate;
use crate::finding::Origin;
use crate::hostname::Hostname;
use crate::route::{DownRoute, Route};
use crate::virtual_ip::{self, Capture};

/// The addresses of one alias and where they are written; the alias's own line if nowhere.
struct Chosen<'a> {
    alias: &'a Alias<'a>,
    addresses: Vec<(IpAddr, Origin)>,
}

/// Gives every alias its addresses. Of two aliases with one address, the later one is down.
pub(super) fn assign(
    candidates: Vec<Candidate<'_>>,
    capture: Capture,
    down: &mut Vec<DownRoute>,
) -> Vec<Route> {
    let chosen = choose(&candidates, capture);
    let all: HashSet<IpAddr> = chosen
        .iter()
        .flat_map(|one| one.addresses.iter().map(|(ip, _)| *ip))
        .collect();
    let mut owners: HashMap<IpAddr, &Alias<'_>> = HashMap::new();
    let mut served: HashMap<&Hostname, Vec<IpAddr>> = HashMap::new();
    for one in &chosen {
        let clash = one
            .addresses
            .iter()
            .find_map(|at| Some((at, *owners.get(&at.0)?)));
        if let Some(((address, origin), owner)) = clash {
            down.push(refuse(one.alias, *address, origin, owner, capture, &all));
            continue;
        }
        let addresses: Vec<IpAddr> = one.addresses.iter().map(|(ip, _)| *ip).collect();
        owners.extend(addresses.iter().map(|&ip| (ip, one.alias)));
        served.insert(&one.alias.host.value, addresses);
    }
    let finished = |candidate: &Candidate<'_>| {
        let virtual_ips = served.get(&candidate.route.alias)?.clone();
        Some(Route {
            virtual_ips,
            ..candidate.route.clone()
        })
    };
    candidates.iter().filter_map(finished).collect()
}

/// The addresses of each alias, in the order of the files.
fn choose<'a>(candidates: &[Candidate<'a>], capture: Capture) -> Vec<Chosen<'a>> {
    let mut order: Vec<Vec<&'a Alias<'a>>> = Vec::new();
    let mut places: HashMap<&Hostname, usize> = HashMap::new();
    for candidate in candidates {
        let alias = candidate.alias;
        let place = *places.entry(&alias.host.value).or_insert(order.len());
        match order.get_mut(place) {
            Some(definitions) => definitions.push(alias),
            None => order.push(vec![alias]),
        }
    }
    order
        .into_iter()
        .filter_map(|definitions| choose_one(&definitions, capture))
        .collect()
}

/// `addresses` of all definitions of the alias, else `status.addresses`, else a computed one.
fn choose_one<'a>(definitions: &[&'a Alias<'a>], capture: Capture) -> Option<Chosen<'a>> {
    let alias = *definitions.first()?;
    let written = definitions.iter().flat_map(|alias| written(alias, capture));
    let mut addresses: Vec<(IpAddr, Origin)> = written.collect();
    if addresses.is_empty() {
        addresses.extend(
            definitions
                .iter()
                .flat_map(|alias| allocated(alias, capture)),
        );
    }
    if addresses.is_empty() {
        let computed = virtual_ip::computed(&alias.host.value, capture);
        addresses.push((computed.into(), alias.host.origin.clone()));
    }
    let mut seen = HashSet::new();
    addresses.retain(|(ip, _)| seen.insert(*ip));
    Some(Chosen { alias, addresses })
}

fn written(alias: &Alias<'_>, capture: Capture) -> Vec<(IpAddr, Origin)> {
    let addresses = alias.entry.value.addresses.iter();
    addresses
        .filter(|address| can_have(alias, address.value, &address.origin, capture))
        .map(|address| (address.value, address.origin.clone()))
        .collect()
}

/// Istio's allocator writes one entry for each host; without a host it is for the only one.
fn allocated(alias: &Alias<'_>, capture: Capture) -> Vec<(IpAddr, Origin)> {
    let entry = &alias.entry.value;
    let only = entry.hosts.len() == 1;
    let ours = |host: &Option<Hostname>| host.as_ref().map_or(only, |h| *h == alias.host.value);
    let addresses = entry
        .allocated
        .iter()
        .filter(|allocated| ours(&allocated.host));
    addresses
        .map(|allocated| &allocated.address)
        .filter(|address| can_have(alias, address.value, &address.origin, capture))
        .map(|address| (address.value, address.origin.clone()))
        .collect()
}

/// With `vip` the shim binds the address, which without privileges means a loopback address.
fn can_have(alias: &Alias<'_>, address: IpAddr, origin: &Origin, capture: Capture) -> bool {
    if capture == Capture::Redirect || address.is_loopback() {
        return true;
    }
    let message = format!(
        "the address {address} of {} can't be bound without privileges, so with capture by vip \
         another is used, computed from the name if no loopback address is given",
        alias.host.value
    );
    alias.entry.report.note(origin.mark(), message);
    false
}

fn refuse(
    alias: &Alias<'_>,
    address: IpAddr,
    origin: &Origin,
    owner: &Alias<'_>,
    capture: Capture,
    all: &HashSet<IpAddr>,
) -> DownRoute {
    let (host, other) = (&alias.host.value, owner.host);
    let message = format!(
        "alias {host} has the address {address}, and so has alias {} at {}; an address leads to \
         one alias only, so {host} is not served",
        other.value, other.origin
    );
    let free = virtual_ip::free(host, capture, |ip| all.contains(&IpAddr::V4(ip)));
    let fix = match free {
        Some(free) => format!("write addresses: [{free}] under the spec of {host}"),
        None => format!("no address of {} is free", capture.range_text()),
    };
    let reason = alias.error(origin, message, fix);
    alias.down(None, reason)
}
