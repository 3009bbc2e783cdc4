//! Routes put together by alias, and what each alias needs.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU16;

use eastwest_mesh::{Address, Capture, GatewayEndpoint, Hostname, alias, virtual_ip};

use super::error::{Field, RouteError, RouteErrors};
use super::line::Route;

/// `maxItems` of the custom resource.
const MAX_PORTS: usize = 256;

/// One ServiceEntry.
pub(super) struct Alias {
    pub(super) host: Hostname,
    /// The name of its objects.
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) address: Ipv4Addr,
    pub(super) remote: Hostname,
    pub(super) ports: Vec<Port>,
    /// The gateways' addresses in their order.
    pub(super) gateways: Vec<Address>,
    /// How the other cluster's gateway knows the pod.
    pub(super) known_as: Hostname,
}

/// One port of an alias.
pub(super) struct Port {
    pub(super) number: NonZeroU16,
    /// The port of each gateway.
    pub(super) gateways: Vec<NonZeroU16>,
}

impl Alias {
    /// In the order of the routes.
    pub(super) fn all(
        routes: &[Route],
        namespace: &str,
        domain: &Hostname,
    ) -> Result<Vec<Self>, RouteErrors> {
        let mut found: Vec<(Self, &Route)> = Vec::new();
        let mut places: HashMap<&Hostname, usize> = HashMap::new();
        let mut taken = HashSet::new();
        let mut errors = Vec::new();
        for route in routes {
            let place = places.get(&route.alias.value);
            let outcome = match place.and_then(|&place| found.get_mut(place)) {
                Some((alias, first)) => alias.add(route, first),
                None => Self::of(route, namespace, domain, &mut taken).map(|alias| {
                    places.insert(&route.alias.value, found.len());
                    found.push((alias, route));
                }),
            };
            errors.extend(outcome.err());
        }
        match errors.is_empty() {
            true => Ok(found.into_iter().map(|(alias, _)| alias).collect()),
            false => Err(RouteErrors(errors)),
        }
    }

    /// Whether the convention alone tells which pod is meant.
    pub(super) fn is_conventional(&self) -> bool {
        self.known_as == self.host
    }

    fn of(
        route: &Route,
        namespace: &str,
        domain: &Hostname,
        taken: &mut HashSet<Ipv4Addr>,
    ) -> Result<Self, RouteError> {
        let (host, remote) = (&route.alias.value, &route.remote.value);
        check_alias(route)?;
        check_remote(route)?;
        // A pod of a StatefulSet has a Service of its own there, named by the convention; all other
        // names are Services' already.
        let known_as = alias::alias_host(remote, domain).unwrap_or_else(|| remote.clone());
        check_server_name(route, &known_as)?;
        let mut address = virtual_ip::computed(host, Capture::Redirect);
        if taken.contains(&address) {
            let free = virtual_ip::free(host, Capture::Redirect, |ip| taken.contains(&ip));
            address = free.ok_or_else(|| {
                let why = "no address of 240.240.0.0/16 is left for it".to_owned();
                route.place.error(Field::Alias, &route.alias, why)
            })?;
        }
        taken.insert(address);
        let (name, namespace) = object_name(host, namespace, domain);
        let gateways = &route.gateways.value;
        Ok(Self {
            host: host.clone(),
            name,
            namespace,
            address,
            remote: remote.clone(),
            ports: vec![Port::of(route)],
            gateways: gateways
                .iter()
                .map(|gateway| gateway.address.clone())
                .collect(),
            known_as,
        })
    }

    /// One more port.
    fn add(&mut self, route: &Route, first: &Route) -> Result<(), RouteError> {
        let place = &route.place;
        let before = &first.place;
        if route.remote.value != self.remote {
            let why = format!("{} leads to {} already ({before})", self.host, self.remote);
            return Err(place.error(Field::RemoteHost, &route.remote, why));
        }
        let number = route.port.value;
        if self.ports.iter().any(|port| port.number == number) {
            let why = format!("{}:{number} is there already", self.host);
            return Err(place.error(Field::Port, &route.port, why));
        }
        if self.ports.len() == MAX_PORTS {
            let why = format!(
                "{} has {MAX_PORTS} ports already, which is the most",
                self.host
            );
            return Err(place.error(Field::Port, &route.port, why));
        }
        // One rule holds for all ports, and its server name has one port in it.
        if !self.is_conventional() {
            let why = format!(
                "{} needs a server name of its own, which is for one port: use another alias, or \
                 the one that the convention gives the pod, {}",
                self.host, self.known_as
            );
            return Err(place.error(Field::Port, &route.port, why));
        }
        let addresses = route.gateways.value.iter().map(|gateway| &gateway.address);
        if !addresses.eq(&self.gateways) {
            let why = format!("{} has other gateways already ({before})", self.host);
            return Err(place.error(Field::Gateway, &route.gateways, why));
        }
        self.ports.push(Port::of(route));
        Ok(())
    }
}

impl Port {
    fn of(route: &Route) -> Self {
        let ports = route
            .gateways
            .value
            .iter()
            .map(|gateway: &GatewayEndpoint| gateway.port);
        Self {
            number: route.port.value,
            gateways: ports.collect(),
        }
    }

    pub(super) fn name(&self) -> String {
        format!("tcp-{}", self.number)
    }
}

/// `NAME` in `NAMESPACE` for `NAME.NAMESPACE.svc.DOMAIN`, which has no dot; the whole alias, which has
/// one, for all others.
fn object_name(host: &Hostname, namespace: &str, domain: &Hostname) -> (String, String) {
    let front = host
        .strip_domain(domain)
        .and_then(|front| front.strip_suffix(".svc"));
    match front
        .map(|front| front.split('.').collect::<Vec<_>>())
        .as_deref()
    {
        Some(&[name, namespace]) => (name.to_owned(), namespace.to_owned()),
        Some(&[.., namespace]) if host.namespace(domain) == Some(namespace) => {
            (host.to_string(), namespace.to_owned())
        }
        _ => (host.to_string(), namespace.to_owned()),
    }
}

fn check_alias(route: &Route) -> Result<(), RouteError> {
    if route.alias.value.as_str().contains('.') {
        return Ok(());
    }
    let why = "it needs a domain, such as NAME.NAMESPACE.svc.cluster.local".to_owned();
    Err(route.place.error(Field::Alias, &route.alias, why))
}

/// The namespace in it is what tells who must be there.
fn check_remote(route: &Route) -> Result<(), RouteError> {
    let front = route.remote.value.as_str().split_once(".svc.");
    if front.is_some_and(|(front, _)| front.contains('.')) {
        return Ok(());
    }
    let why = format!(
        "{} is not of the form POD.SERVICE.NAMESPACE.svc.DOMAIN or SERVICE.NAMESPACE.svc.DOMAIN, so \
         that nobody can tell who must be there",
        route.remote.value
    );
    Err(route.place.error(Field::RemoteHost, &route.remote, why))
}

/// What our shim sends, and what a sidecar does.
fn check_server_name(route: &Route, known_as: &Hostname) -> Result<(), RouteError> {
    for (field, at, host) in [
        (Field::Alias, &route.alias, &route.alias.value),
        (Field::RemoteHost, &route.remote, &route.remote.value),
        (Field::RemoteHost, &route.remote, known_as),
    ] {
        let name = format!("outbound_.{}_._.{host}", route.port.value);
        if let Err(why) = name.parse::<Hostname>() {
            let why = format!("the server name {name} can't be sent: {why}");
            return Err(route.place.error(field, at, why));
        }
    }
    Ok(())
}

/// Whether all gateways are addresses: Istio takes no name with resolution STATIC.
pub(super) fn resolution(gateways: &[Address]) -> &'static str {
    let addresses = gateways
        .iter()
        .all(|gateway| matches!(gateway, Address::Ip(IpAddr::V4(_) | IpAddr::V6(_))));
    if addresses { "STATIC" } else { "DNS" }
}
