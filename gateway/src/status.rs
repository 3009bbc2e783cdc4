//! What a gateway tells programs of its routes: the server names that connections have come for, and
//! the hosts that are exported and that nobody has asked for yet.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use eastwest_daemon::{
    Asked, Direction, Explain, Fitness, Listing, Role, RouteEndpoint, ServedRoute, ServedRoutes,
    Status, Tally,
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
    status.has_routes(move |asked| routes(&gateway, asked, at));
}

fn routes(gateway: &Gateway, asked: &Asked, at: SocketAddr) -> ServedRoutes {
    let exports = gateway.exports.load();
    let mut tallies = gateway.connections.tallies(Direction::Passthrough);
    tallies.sort_unstable_by(|one, other| one.name().cmp(other.name()));
    let mut exported = HashSet::new();
    let mut routes: Vec<_> = tallies
        .into_iter()
        .map(|tally| asked_for(&tally, &exports, at, &mut exported))
        .collect();
    let mut unasked: Vec<_> = exports.written().collect();
    unasked.retain(|(_, host, origin)| {
        let wanted = asked.is_all() || asked.has(&host.to_string());
        wanted && !exported.contains(*origin)
    });
    let total = unasked.len();
    // The same ones each time.
    if total > UNASKED {
        unasked.select_nth_unstable_by_key(UNASKED, |(dialect, host, _)| (*host, *dialect));
        unasked.truncate(UNASKED);
    }
    unasked.sort_unstable_by_key(|(dialect, host, _)| (*host, *dialect));
    let unlisted = total - unasked.len();
    routes.extend(unasked.into_iter().map(|entry| never_asked_for(entry, at)));
    ServedRoutes { routes, unlisted }
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
fn never_asked_for(
    (dialect, host, origin): (Dialect, ExportedHost<'_>, &Origin),
    at: SocketAddr,
) -> ServedRoute {
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
