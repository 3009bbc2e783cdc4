//! Who must be at the far end of a route, kept while a DestinationRule may be missing.
//!
//! Without its DestinationRule an alias is served with the identities of its ServiceEntry, or with
//! any account of a namespace: that is more than was meant.

use std::collections::HashMap;
use std::num::NonZeroU16;

use eastwest_mesh::{Hostname, Mesh, Route};

/// The routes when all of the manifests could last be read.
#[derive(Debug, Default)]
pub(crate) struct FarEnds {
    known: HashMap<(Hostname, NonZeroU16), Route>,
}

impl FarEnds {
    /// Gives the routes of `mesh` what a lost DestinationRule may have said: the far end and the
    /// server name are those from before.
    pub(crate) fn keep(&mut self, mesh: &mut Mesh) {
        let key = |route: &Route| (route.alias.clone(), route.port);
        let Some(first) = mesh.unread.far_ends().first() else {
            let routes = mesh.routes.iter();
            self.known = routes.map(|route| (key(route), route.clone())).collect();
            return;
        };
        let mut new = Vec::new();
        for route in &mut mesh.routes {
            match self.known.get(&key(route)) {
                Some(known) => {
                    route.peer = known.peer.clone();
                    route.remote = known.remote.clone();
                    route.remote_port = known.remote_port;
                    route.sni = known.sni.clone();
                }
                None => new.push(format!("{}:{} ({})", route.alias, route.port, route.peer)),
            }
        }
        tracing::error!(
            without_it = new.join(", "),
            "{}, which may hold a DestinationRule: aliases that were there before keep their far \
             ends until this is mended; new ones are served without it",
            first.origin
        );
    }
}

#[cfg(test)]
mod tests {
    use eastwest_mesh::{Capture, Options, Principal, Source, load};

    use super::*;

    const ENTRY: &str = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
        metadata: {name: x, namespace: pxc}\n\
        spec: {hosts: [src-db-0.pxc.svc.cluster.local], resolution: STATIC, \
        ports: [{number: 3306, name: mysql, protocol: TCP}], \
        endpoints: [{address: GATEWAY, ports: {mysql: 15443}}]}\n";
    const RULE: &str = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
        metadata: {name: x, namespace: pxc}\n\
        spec: {host: src-db-0.pxc.svc.cluster.local, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, \
        sni: a.b.c.svc.cluster.local, subjectAltNames: ['spiffe://td/ns/pxc/sa/db']}}}\n";

    fn mesh(gateway: &str, rule: &str) -> Mesh {
        let source = Source {
            name: "r.yaml".into(),
            text: format!("{}---\n{rule}", ENTRY.replace("GATEWAY", gateway)),
        };
        let options = Options {
            cluster_domain: "cluster.local".parse().unwrap(),
            capture: Capture::Vip,
        };
        load(&[source], &options)
    }

    fn lets_anyone_be_there(mesh: &Mesh) -> bool {
        let anyone = Principal {
            trust_domain: "td",
            path: "/ns/pxc/sa/anyone",
        };
        mesh.routes[0].peer.allows(&anyone, "td")
    }

    #[test]
    fn a_route_keeps_its_far_end_when_its_rule_breaks_and_follows_all_else() {
        let mut far_ends = FarEnds::default();
        let mut whole = mesh("10.0.0.1", RULE);
        far_ends.keep(&mut whole);
        assert!(!lets_anyone_be_there(&whole));
        for _ in 0..2 {
            let mut broken = mesh("10.0.0.2", &RULE.replace("}}}", "}"));
            assert!(lets_anyone_be_there(&broken), "the rule is lost");
            far_ends.keep(&mut broken);
            assert!(!lets_anyone_be_there(&broken));
            assert_eq!(broken.routes[0].sni, whole.routes[0].sni);
            assert_eq!(broken.routes[0].gateways[0].to_string(), "10.0.0.2:15443");
        }
        let mut without = mesh("10.0.0.1", "");
        far_ends.keep(&mut without);
        assert!(lets_anyone_be_there(&without));
    }
}
