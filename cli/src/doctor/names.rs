//! The names that sentences and commands have in braces.

use std::path::Path;

use eastwest_mesh::alias::PREFIX;
use eastwest_mesh::{GatewayEndpoint, Origin, Route};

use super::own_files::{self, OwnFiles};

/// What stands where the folder of our certificate is not known.
const FOLDER: &str = "DIR";
/// What stands where the namespace is not known.
const NAMESPACE: &str = "NAMESPACE";

/// What stands for what, for one route.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(Vec<(&'static str, String)>);

impl Names {
    pub(super) fn of(route: &Route) -> Self {
        let alias = route.alias.as_str();
        let mut labels = alias.split('.');
        let label = labels.next().unwrap_or_default();
        let namespace = labels.next().unwrap_or_default();
        let pod = route.remote.as_str();
        let [pod_name, pod_service, pod_namespace] = parts(pod).map(str::to_owned);
        Self(vec![
            ("alias", alias.to_owned()),
            ("alias-label", label.to_owned()),
            ("namespace", namespace.to_owned()),
            ("remote-port", route.remote_port.to_string()),
            ("sni", route.sni.clone()),
            ("pod", pod.to_owned()),
            ("pod-name", pod_name),
            ("pod-service", pod_service),
            ("pod-namespace", pod_namespace),
        ])
    }

    /// Of an alias of which only what was asked for is known.
    pub(super) fn asked(alias: &str) -> Self {
        let mut labels = alias.split('.');
        let label = labels.next().unwrap_or_default();
        let namespace = labels.next().unwrap_or(NAMESPACE);
        Self::default()
            .with("alias", alias)
            .with("alias-label", label)
            .with("namespace", namespace)
    }

    pub(super) fn with(mut self, name: &'static str, text: impl ToString) -> Self {
        self.0.push((name, text.to_string()));
        self
    }

    pub(super) fn with_certificate(self, files: Option<&OwnFiles>) -> Self {
        let listed = files.map_or_else(|| FOLDER.to_owned(), OwnFiles::listed);
        let [cert, roots] = match files {
            Some(files) => files.shown(),
            None => own_files::istios(Path::new(FOLDER)),
        };
        self.with("identity", listed)
            .with("cert", cert.display())
            .with("roots", roots.display())
    }

    /// Where a rule of ours sets the server name, and what it would be otherwise.
    pub(super) fn with_rule(self, unusual: Option<(&Origin, String)>) -> Self {
        match unusual {
            Some((rule, usual)) => self.with("rule", rule).with("usual-sni", usual),
            None => self,
        }
    }

    pub(super) fn with_gateway(self, gateway: &GatewayEndpoint) -> Self {
        self.with("gateway", gateway)
            .with("gateway-host", &gateway.address)
            .with("gateway-port", gateway.port)
    }

    /// The text with every name that is known in place of its braces.
    pub(super) fn fill(&self, text: &str) -> String {
        let filled = |text: String, (name, value): &(&str, String)| {
            text.replace(&format!("{{{name}}}"), value)
        };
        self.0.iter().fold(text.to_owned(), filled)
    }
}

/// Pod, Service and namespace in the name of what a route leads to: a pod's own name, a Service's, or an
/// alias that the other cluster knows as it stands.
fn parts(remote: &str) -> [&str; 3] {
    let labels: Vec<&str> = remote.split('.').collect();
    match labels.as_slice() {
        [service, namespace, "svc", ..] => {
            let pod = service.strip_prefix(PREFIX).unwrap_or(service);
            [pod, service, namespace]
        }
        [pod, service, namespace, ..] => [pod, service, namespace],
        _ => [remote, remote, NAMESPACE],
    }
}

#[cfg(test)]
mod tests {
    use eastwest_mesh::{Capture, Options, Source, load};

    use super::*;
    use crate::doctor::Fault;

    #[test]
    fn a_pod_has_its_name_and_namespace_however_it_is_called() {
        let pod = "db-pxc-0.db-pxc.pxc.svc.cluster.local";
        assert_eq!(parts(pod), ["db-pxc-0", "db-pxc", "pxc"]);
        let alias = "src-db-pxc-0.pxc.svc.cluster.local";
        assert_eq!(parts(alias), ["db-pxc-0", "src-db-pxc-0", "pxc"]);
        let service = "db-pxc.pxc.svc.cluster.local";
        assert_eq!(parts(service), ["db-pxc", "db-pxc", "pxc"]);
    }

    #[test]
    fn every_name_of_every_sentence_and_command_is_known() {
        let text = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n\
                    metadata: {name: src-db-0, namespace: pxc}\n\
                    spec:\n  hosts: [src-db-0.pxc.svc.cluster.local]\n  location: MESH_INTERNAL\n  \
                    ports: [{number: 3306, name: mysql, protocol: TCP}]\n  resolution: STATIC\n  \
                    endpoints: [{address: 203.0.113.10, ports: {mysql: 15443}}]\n";
        let source = Source {
            name: "a.yaml".to_owned(),
            text: text.to_owned(),
        };
        let options = Options {
            cluster_domain: "cluster.local".parse().unwrap(),
            capture: Capture::Vip,
        };
        let route = load(&[source], &options).routes.remove(0);
        let names = ["files", "ready", "admin", "rule", "usual-sni"];
        let of_args = names
            .iter()
            .fold(Names::of(&route), |names, name| names.with(name, "X"))
            .with_certificate(None);
        let names = of_args.with_gateway(&route.gateways[0]);
        for fault in Fault::ALL {
            for text in [fault.sentence(), fault.next()] {
                // JSON paths of kubectl and the like have a dot behind the brace.
                let filled = names.fill(text).replace("{.", "");
                assert!(!filled.contains('{'), "{}: {filled}", fault.code());
            }
        }
    }
}
