//! Who must be at the far end of a route, kept while a DestinationRule may be missing.
//!
//! Without its DestinationRule an alias is served with the identities of its ServiceEntry, or with
//! any account of a namespace: that is more than was meant.

use std::collections::HashMap;
use std::num::NonZeroU16;

use eastwest_mesh::{DownRoute, Hostname, Mesh, Route};

/// The routes when all of the manifests could last be read; none if they never could.
#[derive(Debug, Default)]
pub(crate) struct FarEnds {
    known: Option<HashMap<(Hostname, NonZeroU16), Route>>,
}

impl FarEnds {
    /// Gives the routes of `mesh` what a lost DestinationRule may have said: the far end and the
    /// server name are those from before. A route that was not there before is down until nothing
    /// is lost any more; only at the start, where that would be every one, all are served.
    pub(crate) fn keep(&mut self, mesh: &mut Mesh) {
        let key = |route: &Route| (route.alias.clone(), route.port);
        let Some(first) = mesh.unread.far_ends().first() else {
            let routes = mesh.routes.iter();
            self.known = Some(routes.map(|route| (key(route), route.clone())).collect());
            return;
        };
        let why = format!("{}, which may hold a DestinationRule", first.origin);
        let Some(known) = &self.known else {
            let served = mesh.routes.iter();
            let served = served
                .map(|route| format!("{}:{} ({})", route.alias, route.port, route.peer))
                .collect::<Vec<_>>();
            tracing::error!(
                served = served.join(", "),
                "{why}: aliases are served without it"
            );
            return;
        };
        tracing::error!(
            "{why}: aliases keep their far ends until this is mended, and new ones are down"
        );
        let mut new = Vec::new();
        mesh.routes.retain_mut(|route| {
            let Some(known) = known.get(&key(route)) else {
                new.push(DownRoute {
                    alias: route.alias.clone(),
                    port: Some(route.port),
                    reason: format!("it is new, and nobody knows who is at its far end: {why}"),
                    origin: route.origin.clone(),
                });
                return false;
            };
            route.peer = known.peer.clone();
            route.remote = known.remote.clone();
            route.remote_port = known.remote_port;
            route.sni = known.sni.clone();
            true
        });
        mesh.down.extend(new);
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
    /// It may have been down for a slip in the very rule that is now lost.
    #[test]
    fn an_alias_that_comes_while_a_rule_is_lost_is_down() {
        let mut far_ends = FarEnds::default();
        let mut slip = mesh(
            "10.0.0.1",
            &RULE.replace("subjectAltNames", "subjectAltName"),
        );
        assert!(slip.routes.is_empty());
        far_ends.keep(&mut slip);
        let mut broken = mesh("10.0.0.1", &RULE.replace("}}}", "}"));
        assert_eq!(broken.routes.len(), 1);
        far_ends.keep(&mut broken);
        assert!(broken.routes.is_empty());
        assert!(
            broken.down[0]
                .reason
                .contains("nobody knows who is at its far end")
        );
    }

    #[test]
    fn at_the_start_a_document_that_is_not_yaml_takes_no_alias_down() {
        let mut broken = mesh("10.0.0.1", &RULE.replace("}}}", "}"));
        FarEnds::default().keep(&mut broken);
        assert_eq!(broken.routes.len(), 1);
    }
}
