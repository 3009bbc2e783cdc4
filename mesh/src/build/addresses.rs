//! One address or more for each alias, and no address for two.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::alias::Alias;
use super::served::Candidate;
use crate::because::{AddressBy, Because};
use crate::code::Code;
use crate::finding::{Finding, Origin};
use crate::hostname::Hostname;
use crate::route::{DownRoute, Route};
use crate::virtual_ip::{self, Capture, Reach, Unreachable};

/// How an alias came by its addresses. What is written comes before what Istio allocated, and both
/// before what follows from the name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    Computed,
    Allocated,
    Written,
}

/// The addresses of one alias and where they are written; the alias's own line if nowhere.
struct Chosen<'a> {
    alias: &'a Alias<'a>,
    claim: Claim,
    addresses: Vec<(IpAddr, Origin)>,
}

/// Those who want an address.
type Claimants<'c, 'a> = HashMap<IpAddr, Vec<&'c Chosen<'a>>>;

/// Gives every alias its addresses, but in mode `service`, where it has none. Of two that have one
/// address with as good a claim to it none is served: were it the first one's, a file that is added
/// or renamed would lead the address of one database to another as soon as a pod starts anew.
pub(super) fn assign(
    candidates: Vec<Candidate<'_>>,
    reach: Reach<'_>,
    down: &mut Vec<DownRoute>,
) -> Vec<Route> {
    if reach.capture == Capture::Service {
        let served = candidates.into_iter().filter(|found| !found.withheld);
        return served.map(|found| found.route).collect();
    }
    let chosen = choose(&candidates, reach, down);
    let mut claimants = Claimants::new();
    for one in &chosen {
        for (ip, _) in &one.addresses {
            claimants.entry(*ip).or_default().push(one);
        }
    }
    let mut served: HashMap<&Hostname, &Chosen<'_>> = HashMap::new();
    for one in &chosen {
        if let Some((at, rival)) = one.contested(&claimants) {
            down.push(refuse(one.alias, at, rival.alias, reach, &claimants));
            continue;
        }
        served.insert(&one.alias.host.value, one);
    }
    let finished = |candidate: &Candidate<'_>| {
        let chosen = *served.get(&candidate.route.alias)?;
        Some(Route {
            virtual_ips: chosen.addresses.iter().map(|(ip, _)| *ip).collect(),
            because: chosen.told(candidate),
            ..candidate.route.clone()
        })
    };
    let served = candidates.iter().filter(|found| !found.withheld);
    served.filter_map(finished).collect()
}

impl<'a> Chosen<'a> {
    /// What is remembered of a route that has these addresses.
    fn told(&self, candidate: &Candidate<'_>) -> Because {
        Because {
            addresses: match self.claim {
                Claim::Written => AddressBy::Written,
                Claim::Allocated => AddressBy::Istio,
                Claim::Computed => AddressBy::Name,
            },
            written: self.addresses.iter().map(|(_, at)| at.clone()).collect(),
            ..candidate.route.because.clone()
        }
    }

    /// The first of its addresses that another alias has as good a claim to, or a better one, and
    /// the best of those.
    fn contested<'c>(
        &self,
        claimants: &Claimants<'c, 'a>,
    ) -> Option<(&(IpAddr, Origin), &'c Self)> {
        self.addresses.iter().find_map(|at| {
            let others = claimants.get(&at.0)?.iter().copied();
            let rivals = others.filter(|other| {
                other.alias.host.value != self.alias.host.value && other.claim >= self.claim
            });
            let best = rivals.min_by(|one, two| {
                let by_name = one.alias.host.value.cmp(&two.alias.host.value);
                two.claim.cmp(&one.claim).then(by_name)
            });
            Some((at, best?))
        })
    }
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
    let mut claim = Claim::Written;
    for definition in definitions {
        addresses.extend(written(definition, reach)?);
    }
    if addresses.is_empty() {
        claim = Claim::Allocated;
        addresses.extend(definitions.iter().flat_map(|alias| allocated(alias, reach)));
    }
    if addresses.is_empty() {
        claim = Claim::Computed;
        let computed = virtual_ip::computed(&alias.host.value, reach.capture).into();
        reach
            .check(computed)
            .map_err(|why| unreachable(alias, computed, &alias.host.origin, why, reach))?;
        addresses.push((computed, alias.host.origin.clone()));
    }
    let mut seen = HashSet::new();
    addresses.retain(|(ip, _)| seen.insert(*ip));
    Ok(Chosen {
        alias,
        claim,
        addresses,
    })
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
    (address, origin): &(IpAddr, Origin),
    rival: &Alias<'_>,
    reach: Reach<'_>,
    all: &Claimants<'_, '_>,
) -> DownRoute {
    let (host, other) = (&alias.host.value, rival.host);
    let message = format!(
        "alias {host} has the address {address}, and so has alias {} at {}; an address leads to \
         one alias only, so {host} is not served",
        other.value, other.origin
    );
    let free = virtual_ip::free(host, reach.capture, |ip| all.contains_key(&IpAddr::V4(ip)));
    let fix = match free {
        Some(free) => format!("write addresses: [{free}] under the spec of {host}"),
        None => format!("no address of {} is free", reach.capture.range_text()),
    };
    let reason = alias.error(Code::AddressTaken, origin, message, fix);
    alias.down(None, reason)
}
