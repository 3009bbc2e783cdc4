//! The objects as YAML.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::str::FromStr;

use eastwest_mesh::Hostname;

use super::TlsRouteArgs;
use super::routes::{Backend, Route, Routes};
use crate::convert::comment;
use crate::convert::yaml::Text;

/// The Gateway that the routes belong to.
#[derive(Clone, Debug)]
pub(super) struct GatewayName {
    namespace: String,
    name: String,
}

impl FromStr for GatewayName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let label = |part: &str| {
            let name = part.parse::<Hostname>().ok()?;
            (!part.contains(['.', '_'])).then(|| name.to_string())
        };
        let both = parts.and_then(|(namespace, name)| Some((label(namespace)?, label(name)?)));
        let (namespace, name) = both.ok_or("expected NAMESPACE/NAME")?;
        Ok(Self { namespace, name })
    }
}

pub(super) fn gateway(out: &mut String, args: &TlsRouteArgs, port: u16, routes: &Routes) {
    let GatewayName { namespace, name } = &args.gateway;
    let (namespace, name) = (Text(namespace), Text(name));
    let class = Text(&args.gateway_class);
    let _ = write!(
        out,
        "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: {name}
  namespace: {namespace}
spec:
  gatewayClassName: {class}
  listeners:
  - name: tls
    port: {port}
    protocol: TLS
    tls:
      mode: Passthrough
    allowedRoutes:
      kinds:
      - kind: TLSRoute
      namespaces:
{}",
        namespaces(routes)
    );
}

fn namespaces(routes: &Routes) -> String {
    let all: BTreeSet<&str> = routes.all.iter().map(|route| &*route.namespace).collect();
    let all: Vec<_> = all.into_iter().map(|name| Text(name).to_string()).collect();
    if all.is_empty() {
        return "        from: Same\n".to_owned();
    }
    format!(
        "        # Whoever may write routes in these may export what is in them.
        from: Selector
        selector:
          matchExpressions:
          - key: kubernetes.io/metadata.name
            operator: In
            values: [{}]
",
        all.join(", ")
    )
}

pub(super) fn route(out: &mut String, gateway: &GatewayName, route: &Route) {
    let (namespace, port) = (Text(&route.namespace), route.target.port);
    let allowed = comment::one_line(&route.target.allowed.to_string());
    let _ = write!(
        out,
        "\
---
# allowed at {allowed}
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata:
  name: {}
  namespace: {namespace}
spec:
  parentRefs:
  - name: {}
    namespace: {}
    sectionName: tls
  hostnames:
",
        Text(route.backend.service()),
        Text(&gateway.name),
        Text(&gateway.namespace),
    );
    for host in &route.hostnames {
        for name in route.target.names.iter().filter(|name| name.host == *host) {
            let place = comment::one_line(&name.origin.to_string());
            let _ = writeln!(out, "  # {place} for {}", name.text);
        }
        let _ = writeln!(out, "  - {}", Text(host.as_str()));
    }
    let _ = write!(
        out,
        "  rules:\n  - backendRefs:\n    - name: {}\n      port: {port}\n",
        Text(route.backend.service())
    );
    if let Backend::Pod { service, pod } = &route.backend {
        let _ = write!(
            out,
            "\
---
# A TLSRoute leads to Services alone: one for the pod.
apiVersion: v1
kind: Service
metadata:
  name: {}
  namespace: {namespace}
spec:
  selector:
    statefulset.kubernetes.io/pod-name: {}
  ports:
  - name: tls
    port: {port}
    targetPort: {port}
",
            Text(service),
            Text(pod)
        );
    }
}
