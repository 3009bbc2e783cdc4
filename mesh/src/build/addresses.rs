//! One address or more for each alias, and no address for two.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::alias::Alias;
use super::served::Candidate;
use crate::code::Code;
use crate::finding::{Finding, Origin};
use crate::hostname::Hostname;
use crate::route::{DownRoute, Route};
use crate::virtual_ip::{self, Capture, Reach, Unreachable};

/// The addresses of one alias and where they are written; the alias's own line if nowhere.
struct Chosen<'a> {
    alias: &'a Alias<'a>,
    addresses: Vec<(IpAddr, Origin)>,
}

/// Gives every alias its addresses, but in mode `service`, where it has none. Of two aliases with one address, the later one is down.
pub(super) fn assign(
    candidates: Vec<Candidate<'_>>,
    reach: Reach<'_>,
    down: &mut Vec<DownRoute>,
) -> Vec<Route> {
    if reach.capture == Capture::Service {
        return candidates.into_iter().map(|found| found.route).collect();
    }
    let chosen = choose(&candidates, reach, down);
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
            down.push(refuse(one.alias, *address, origin, owner, reach, &all));
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
fn choose<'a>(
    candidates: &[Candidate<'a>],
    reach: Reach<'_>,
    down: &mut Vec<DownRoute>,
) -> Vec<Chosen<'a>> {
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
    let chosen = order.into_iter().filter_map(|definitions| {
        let alias = *definitions.first()?;
        let chosen = choose_one(alias, &definitions, reach);
        chosen
            .map_err(|reason| down.push(alias.down(None, reason)))
            .ok()
    });
    chosen.collect()
}

/// `addresses` of all definitions of the alias, else `status.addresses`, else a computed one.
fn choose_one<'a>(
    alias: &'a Alias<'a>,
    definitions: &[&'a Alias<'a>],
    reach: Reach<'_>,
) -> Result<Chosen<'a>, Finding> {
    let mut addresses = Vec::new();
    for definition in definitions {
        addresses.extend(written(definition, reach)?);
    }
    if addresses.is_empty() {
        addresses.extend(definitions.iter().flat_map(|alias| allocated(alias, reach)));
    }
    if addresses.is_empty() {
        let computed = virtual_ip::computed(&alias.host.value, reach.capture).into();
        reach
            .check(computed)
            .map_err(|why| unreachable(alias, computed, &alias.host.origin, why, reach))?;
        addresses.push((computed, alias.host.origin.clone()));
    }
    let mut seen = HashSet::new();
    addresses.retain(|(ip, _)| seen.insert(*ip));
    Ok(Chosen { alias, addresses })
}

/// What a person wrote is used, or refused where connections to it would go elsewhere.
fn written(alias: &Alias<'_>, reach: Reach<'_>) -> Result<Vec<(IpAddr, Origin)>, Finding> {
    let mut usable = Vec::new();
    for address in &alias.entry.value.addresses {
        let (ip, origin) = (address.value, &address.origin);
        match reach.check(ip) {
            Ok(()) => usable.push((ip, origin.clone())),
            Err(Unreachable::NotBindable) => left_out(alias, ip, origin),
            Err(why) => return Err(unreachable(alias, ip, origin, why, reach)),
        }
    }
    Ok(usable)
}

/// Istio's allocator writes one entry for each host; without a host it is for the only one. What it
/// allocated for proxies that catch all addresses is left out where it never reaches the shim.
fn allocated(alias: &Alias<'_>, reach: Reach<'_>) -> Vec<(IpAddr, Origin)> {
    let entry = &alias.entry.value;
    let only = entry.hosts.len() == 1;
    let ours = |host: &Option<Hostname>| host.as_ref().map_or(only, |h| *h == alias.host.value);
    let addresses = entry
        .allocated
        .iter()
        .filter(|allocated| ours(&allocated.host));
    addresses
        .map(|allocated| &allocated.address)
        .filter(|address| {
            let reached = reach.check(address.value).is_ok();
            if !reached {
                left_out(alias, address.value, &address.origin);
            }
            reached
        })
        .map(|address| (address.value, address.origin.clone()))
        .collect()
}

fn left_out(alias: &Alias<'_>, address: IpAddr, origin: &Origin) {
    let message = format!(
        "the address {address} of {} never leads to the shim here (it can't be bound without \
         privileges, or is not redirected), so another is used, computed from the name if none is \
         given that does",
        alias.host.value
    );
    alias
        .entry
        .report
        .note(Code::AddressUnreachable, origin.mark(), message);
}

fn unreachable(
    alias: &Alias<'_>,
    address: IpAddr,
    origin: &Origin,
    why: Unreachable,
    reach: Reach<'_>,
) -> Finding {
    let host = &alias.host.value;
    let because = match why {
        Unreachable::Loopback => {
            "is a loopback address, which redirect rules never catch: the app would reach a server \
             of its own pod"
                .to_owned()
        }
        Unreachable::NotRedirected | Unreachable::NotBindable => format!(
            "is in none of the ranges that are redirected to the shim ({}): connections to it \
             would leave the pod in clear",
            reach.ranges()
        ),
    };
    let message = format!("the address {address} of {host} {because}, so {host} is not served");
    let fix = match why {
        Unreachable::Loopback => "take addresses out to have one computed".to_owned(),
        Unreachable::NotRedirected | Unreachable::NotBindable => {
            "write an address of these ranges, or give its range with --range to `capture lay`, to \
             the shim and to the resolver"
                .to_owned()
        }
    };
    alias.error(Code::AddressUnreachable, origin, message, fix)
}

fn refuse(
    alias: &Alias<'_>,
    address: IpAddr,
    origin: &Origin,
    owner: &Alias<'_>,
    reach: Reach<'_>,
    all: &HashSet<IpAddr>,
) -> DownRoute {
    let (host, other) = (&alias.host.value, owner.host);
    let message = format!(
        "alias {host} has the address {address}, and so has alias {} at {}; an address leads to \
         one alias only, so {host} is not served",
        other.value, other.origin
    );
    let free = virtual_ip::free(host, reach.capture, |ip| all.contains(&IpAddr::V4(ip)));
    let fix = match free {
        Some(free) => format!("write addresses: [{free}] under the spec of {host}"),
        None => format!("no address of {} is free", reach.capture.range_text()),
    };
    let reason = alias.error(Code::AddressTaken, origin, message, fix);
    alias.down(None, reason)
}
