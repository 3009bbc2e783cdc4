//! The names that sentences and commands have in braces.

use std::path::Path;

use eastwest_mesh::{GatewayEndpoint, Route};

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
        let mut of_pod = pod.split('.');
        let mut next = || of_pod.next().unwrap_or_default().to_owned();
        let (pod_name, pod_service, pod_namespace) = (next(), next(), next());
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

    pub(super) fn with(mut self, name: &'static str, text: impl ToString) -> Self {
        self.0.push((name, text.to_string()));
        self
    }

    pub(super) fn with_path(self, name: &'static str, path: Option<&Path>) -> Self {
        let shown = path.map_or_else(|| "DIR".to_owned(), |path| path.display().to_string());
        self.with(name, shown)
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
