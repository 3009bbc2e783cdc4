//! What a shim tells programs of its routes and its certificate.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;
use std::sync::Arc;

use arc_swap::ArcSwap;
use eastwest_daemon::{
    Direction, Explain, Fitness, Listing, Role, RouteEndpoint, ServedRoute, Status, TakeRoute,
};
use eastwest_mesh::{DownRoute, OWN_TRUST_DOMAIN, Route};
use eastwest_transport::tls::IdentityStore;

use crate::identity;
use crate::inbound::{AppAddress, Inbound};
use crate::outbound::Outbound;
use crate::vips::{Failed, Vips};

/// Where it is found.
pub(crate) struct Told {
    pub(crate) outbound: Arc<Outbound>,
    pub(crate) vips: Vips,
    pub(crate) down: Arc<ArcSwap<Vec<DownRoute>>>,
    /// With the address at which callers arrive.
    pub(crate) inbound: Option<(Arc<Inbound>, Option<SocketAddr>)>,
    pub(crate) identity: IdentityStore,
}

impl Told {
    /// Has it told.
    pub(crate) fn tell(self, status: &Status) {
        status.is_a(Role::Shim);
        let store = self.identity.clone();
        status.has_certificates(move || identity::held(&store));
        status.has_routes(move |_, take| {
            self.outbound(take);
            self.inbound().for_each(take);
            0
        });
    }

    fn outbound(&self, take: TakeRoute<'_>) {
        let routes = self.outbound.routes.load();
        let failed = self.vips.failed();
        for route in routes.shown() {
            take(match self.vips.unheard(route, &failed) {
                None => self.served(route, &failed),
                Some(unheard) => down(&unheard),
            });
        }
        self.down.load().iter().map(down).for_each(take);
    }

    /// `failed` are the addresses that are not listened on, and why.
    fn served(&self, route: &Arc<Route>, failed: &Failed) -> ServedRoute {
        let listens: Vec<_> = self.outbound.arrival.addresses(route).collect();
        let why: Vec<_> = listens.iter().filter_map(|at| failed.get(at)).collect();
        let fitness = match why.first() {
            None => Fitness::Whole,
            Some(why) => Fitness::Impaired((*why).clone()),
        };
        let trust_domain = match self.identity.current() {
            Ok(identity) => identity.trust_domain().to_owned(),
            Err(_) => OWN_TRUST_DOMAIN.to_owned(),
        };
        let whole = Arc::clone(route);
        ServedRoute {
            name: format!("{}:{}", route.alias, route.port),
            direction: Direction::Outbound,
            fitness,
            listing: Listing::Named,
            sni: Some(route.sni.clone()),
            listens,
            endpoints: self.outbound.tunnels.gateways.endpoints(route),
            identities: route.peer.identities(&trust_domain),
            origin: Some(route.origin.to_string()),
            explain: Explain::by(move || whole.explained(&trust_domain)),
        }
    }

    fn inbound(&self) -> impl Iterator<Item = ServedRoute> + '_ {
        self.inbound.iter().flat_map(|(inbound, at)| {
            let ports = inbound.acceptance.ports.iter();
            ports.map(|port| app(inbound, *at, *port))
        })
    }
}

/// An alias that the files have, and that is not served.
fn down(route: &DownRoute) -> ServedRoute {
    let name = match route.port {
        Some(port) => format!("{}:{port}", route.alias),
        None => route.alias.to_string(),
    };
    let why = format!("{}: {}", route.origin, route.reason);
    ServedRoute {
        name,
        direction: Direction::Outbound,
        fitness: Fitness::Down(route.reason.clone()),
        listing: Listing::Named,
        sni: None,
        listens: Vec::new(),
        endpoints: Vec::new(),
        identities: Vec::new(),
        origin: Some(route.origin.to_string()),
        explain: Explain::by(move || vec![why]),
    }
}

/// A port of this pod.
fn app(inbound: &Inbound, at: Option<SocketAddr>, port: NonZeroU16) -> ServedRoute {
    let allowed = inbound.allowed.load_full();
    let address = match inbound.app {
        AppAddress::At(address) => Some(address),
        // The address that the caller has reached; of all addresses, whichever that is.
        AppAddress::Pod => at.map(|at| at.ip()).filter(|ip| !ip.is_unspecified()),
    };
    let place = |address: IpAddr| SocketAddr::new(address, port.get()).to_string();
    let endpoint = RouteEndpoint {
        address: address.map_or_else(|| format!("the pod's own address:{port}"), place),
        state: None,
        reason: None,
        seen: None,
        locality: None,
    };
    let by_flag = format!("--inbound {port} has callers let in to this port of the pod");
    let explained = Arc::clone(&allowed);
    let explain = Explain::by(move || {
        let sentences = explained.sentences(port);
        [by_flag].into_iter().chain(sentences).collect()
    });
    ServedRoute {
        name: port.to_string(),
        direction: Direction::Inbound,
        fitness: match allowed.why_closed(port) {
            None => Fitness::Whole,
            Some(why) => Fitness::Down(format!("nobody may call: {why}")),
        },
        listing: Listing::Named,
        sni: None,
        listens: at.into_iter().collect(),
        endpoints: vec![endpoint],
        identities: allowed.callers(port),
        origin: None,
        explain,
    }
}
