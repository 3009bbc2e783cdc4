//! What a gateway tells programs of its routes: the server names that connections have come for, and
//! the hosts that are exported and that nobody has asked for yet.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use eastwest_daemon::{
    Asked, Direction, Explain, Fitness, Listing, Role, RouteEndpoint, ServedRoute, Status,
    TakeRoute, Tally,
};
use eastwest_mesh::{Dialect, ExportedHost, Exports, Origin};

use crate::route::Route;
use crate::serve::Gateway;

/// Hosts that are told though nobody has come for them. There may be a hundred thousand.
const UNASKED: usize = 1000;

/// Has it told.
pub(crate) fn tell(status: &Status, gateway: &Arc<Gateway>, at: SocketAddr) {
    status.is_a(Role::Gateway);
    let asked = Arc::clone(gateway);
    status.has_certificates(move || match &asked.prober {
        Some(prober) => prober.certificates(),
        None => Vec::new(),
    });
    let gateway = Arc::clone(gateway);
    status.has_routes(move |asked, take| routes(&gateway, asked, at, take));
}

/// Returns how many hosts there are that nobody has come for beside those that are told.
fn routes(gateway: &Gateway, asked: &Asked, at: SocketAddr, take: TakeRoute<'_>) -> usize {
    let exports = gateway.exports.load();
    let mut tallies = gateway.connections.tallies(Direction::Passthrough);
    tallies.sort_unstable_by(|one, other| one.name().cmp(other.name()));
    let mut exported = HashSet::new();
    for tally in &tallies {
        take(asked_for(tally, &exports, at, &mut exported));
    }
    let unasked = exports.written().filter(|(_, host, origin)| {
        let wanted = asked.is_all() || asked.has(&host.to_string());
        wanted && !exported.contains(*origin)
    });
    let (first, unlisted) = first(unasked);
    for entry in first {
        take(never_asked_for(entry, at));
    }
    unlisted
}

type Entry<'e> = (Dialect, ExportedHost<'e>, &'e Origin);

/// The first by name, the same ones each time, and how many others there are. Of these none is held for long.
fn first<'e>(entries: impl Iterator<Item = Entry<'e>>) -> (Vec<Entry<'e>>, usize) {
    let by_name = |entry: &Entry<'e>| (entry.1, entry.0);
    let (mut first, mut left_out) = (Vec::new(), 0);
    let mut leave_out = |first: &mut Vec<Entry<'e>>| {
        if first.len() > UNASKED {
            first.select_nth_unstable_by_key(UNASKED, by_name);
            left_out += first.len() - UNASKED;
            first.truncate(UNASKED);
        }
    };
    for entry in entries {
        // So rarely that selecting costs each of them a constant.
        if first.len() == 2 * UNASKED {
            leave_out(&mut first);
        }
        first.push(entry);
    }
    leave_out(&mut first);
    first.sort_unstable_by_key(by_name);
    (first, left_out)
}

/// A server name that was exported when somebody came for it.
fn asked_for(
    tally: &Tally,
    exports: &Exports,
    at: SocketAddr,
    exported: &mut HashSet<Origin>,
) -> ServedRoute {
    let sni: &str = tally.name();
    let mut route = passed_on(sni.to_owned(), at);
    route.sni = Some(sni.to_owned());
    match Route::of(sni, exports) {
        Ok(known) => {
            // Where the ports of the host have changed, those who come now are counted under another name.
            route.listing = match known.name == sni {
                true => known.listing,
                false => Listing::Withdrawn,
            };
            let target = known.target;
            let address = format!("{}:{}", target.host, target.port);
            route.origin = Some(target.origin.to_string());
            let (origin, dialled) = (target.origin.clone(), address.clone());
            route.explain = Explain::by(move || {
                vec![
                    format!("the Gateway's entry of hosts at {origin} exports it"),
                    format!(
                        "{dialled} is dialled for it, by the name and what ServiceEntries say of its port"
                    ),
                    "server names that differ in a subset, or in ports of which they say nothing, are this route"
                        .to_owned(),
                ]
            });
            route.endpoints = vec![RouteEndpoint {
                address,
                state: None,
                reason: None,
                seen: None,
                locality: None,
            }];
            // A host whose last made-up port is forgotten is one again that nobody has come for.
            if route.listing.keeps(tally) {
                exported.insert(target.origin);
            }
        }
        Err(refusal) => {
            let why = format!("it is exported no longer: {refusal}");
            route.fitness = Fitness::Impaired(why);
            route.listing = Listing::Withdrawn;
        }
    }
    route
}

/// A host that nobody has come for: at which port its pods would be asked, only a server name says.
fn never_asked_for((dialect, host, origin): Entry<'_>, at: SocketAddr) -> ServedRoute {
    let form = match dialect {
        Dialect::Istio => "outbound_.PORT_._.HOST, for AUTO_PASSTHROUGH",
        Dialect::Plain => "the host alone, for PASSTHROUGH",
    };
    let mut route = passed_on(host.to_string(), at);
    route.origin = Some(origin.to_string());
    let origin = origin.clone();
    route.explain = Explain::by(move || {
        vec![
            format!(
                "the Gateway's entry of hosts at {origin} exports it; server names have the form {form}"
            ),
            "nobody is known to have come for it".to_owned(),
        ]
    });
    route
}

fn passed_on(name: String, at: SocketAddr) -> ServedRoute {
    ServedRoute {
        name,
        direction: Direction::Passthrough,
        fitness: Fitness::Whole,
        listing: Listing::Named,
        sni: None,
        listens: vec![at],
        endpoints: Vec::new(),
        // It opens no TLS, and so asks nobody who they are.
        identities: Vec::new(),
        origin: None,
        explain: Explain::default(),
    }
}

#[cfg(test)]
mod tests;
