//! What the sidecar of a called pod gets: PeerAuthentications and AuthorizationPolicies.

use serde::Deserialize;

use super::kinds::{Rule, Selector};
use super::{AppProtocol, Objects, Pod, Unsupported};

/// The namespace whose policies hold everywhere.
const ROOT_NAMESPACE: &str = "istio-system";

/// One port of a pod.
#[derive(Debug, Clone)]
pub struct Inbound {
    /// What the app speaks, by the Services of the pod.
    pub protocol: AppProtocol,
    /// What callers must speak.
    pub mode: PeerMode,
    /// Who may call; without any policy, everybody whose certificate is of the mesh.
    pub allowed: Option<Vec<Allowed>>,
}

/// Whether plain text is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PeerMode {
    /// Both.
    #[default]
    Permissive,
    /// Mutual TLS alone.
    Strict,
}

/// Callers, and what they may call.
#[derive(Debug, Clone)]
pub struct Allowed {
    /// SPIFFE IDs; one with a `*` at its end stands for all that begin so.
    pub identities: Vec<String>,
    /// Ports; none are all.
    pub ports: Vec<u16>,
}

impl Objects {
    /// What holds for a port of a pod.
    ///
    /// # Errors
    /// Where something is not emulated.
    pub fn inbound(&self, pod: &Pod, port: u16) -> Result<Inbound, Unsupported> {
        Ok(Inbound {
            protocol: self.protocol(pod, port)?,
            mode: self.mode(pod)?,
            allowed: self.allowed(pod)?,
        })
    }

    /// What the first Service says whose port is this one.
    fn protocol(&self, pod: &Pod, port: u16) -> Result<AppProtocol, Unsupported> {
        let services = self.services.iter();
        let of_pod =
            services.filter(|service| pod.is_selected(&service.namespace, &service.spec.selector));
        let mut ports = of_pod.flat_map(|service| &service.spec.ports);
        let declared = ports.find(|declared| declared.target(pod) == Some(port));
        let declared = declared.map(|port| port.app_protocol.as_ref().unwrap_or(&port.name));
        match declared {
            Some(declared) => AppProtocol::declared(declared),
            None => Err(Unsupported::new(format!("port {port} without a Service"))),
        }
    }

    /// The pod's own, else its namespace's (`pkg/model/authentication.go`).
    fn mode(&self, pod: &Pod) -> Result<PeerMode, Unsupported> {
        let all = self.peer_authentications.iter();
        if all.clone().any(|one| one.namespace == ROOT_NAMESPACE) {
            return Err(Unsupported::new("PeerAuthentication of the whole mesh"));
        }
        let held = all.filter(|one| holds(one.spec.selector.as_ref(), &one.namespace, pod));
        let narrowest = held.max_by_key(|one| one.spec.selector.is_some());
        Ok(narrowest.map_or_else(PeerMode::default, |one| one.spec.mtls.mode))
    }

    fn allowed(&self, pod: &Pod) -> Result<Option<Vec<Allowed>>, Unsupported> {
        let all = self.authorization_policies.iter();
        if all.clone().any(|one| one.namespace == ROOT_NAMESPACE) {
            return Err(Unsupported::new("AuthorizationPolicy of the whole mesh"));
        }
        let held = all.filter(|one| holds(one.spec.selector.as_ref(), &one.namespace, pod));
        let mut allowed = None;
        for policy in held {
            let allowed = allowed.get_or_insert_with(Vec::new);
            for rule in &policy.spec.rules {
                allowed.push(Allowed::by(rule)?);
            }
        }
        Ok(allowed)
    }
}

/// Without a selector it is the whole namespace.
fn holds(selector: Option<&Selector>, namespace: &str, pod: &Pod) -> bool {
    let all = Selector::default();
    pod.is_selected(namespace, &selector.unwrap_or(&all).match_labels)
}

impl Allowed {
    fn by(rule: &Rule) -> Result<Self, Unsupported> {
        let principals = rule.from.iter().flat_map(|from| &from.source.principals);
        let ports = rule.to.iter().flat_map(|to| &to.operation.ports);
        let port = |text: &String| {
            text.parse()
                .map_err(|_| Unsupported::new(format!("the port {text:?}")))
        };
        Ok(Self {
            identities: principals
                .map(|name| identity(name))
                .collect::<Result<_, _>>()?,
            ports: ports.map(port).collect::<Result<_, _>>()?,
        })
    }
}

/// A principal is a SPIFFE ID without its scheme.
fn identity(principal: &str) -> Result<String, Unsupported> {
    let stars = principal.matches('*').count();
    let prefix = stars == 1 && principal.len() > 1 && principal.ends_with('*');
    match stars == 0 || prefix {
        true => Ok(format!("spiffe://{principal}")),
        false => Err(Unsupported::new(format!("the principal {principal:?}"))),
    }
}
