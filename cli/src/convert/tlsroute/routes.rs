//! Which routes there are: one for each host that is dialled, as a plain name tells no port.

use std::num::NonZeroU16;

use eastwest_mesh::forwarding::{Forwarding, Remark, Target, TargetKind};
use eastwest_mesh::{Hostname, Origin, Severity, alias};

use crate::convert::clusters::Who;

/// The longest name of a Service (RFC 1123 label).
const MAX_LABEL: usize = 63;
/// In front of the names of Services that are made here, so that they are nobody else's.
const PREFIX: &str = "eastwest-";

/// What can be said in the Gateway API.
pub(super) struct Routes {
    pub(super) all: Vec<Route>,
}

/// One TLSRoute.
pub(super) struct Route {
    pub(super) target: Target,
    pub(super) namespace: String,
    /// The server names.
    pub(super) hostnames: Vec<Hostname>,
    pub(super) backend: Backend,
}

/// What a TLSRoute leads to. Only a Service can be that.
pub(super) enum Backend {
    /// One that is made for the pod.
    Pod { service: String, pod: String },
    /// One that is there.
    Service(String),
}

impl Backend {
    pub(super) fn service(&self) -> &str {
        match self {
            Self::Pod { service, .. } | Self::Service(service) => service,
        }
    }
}

impl Routes {
    pub(super) fn of(forwarding: &Forwarding, pods: Who, remarks: &mut Vec<Remark>) -> Self {
        let mut all: Vec<Route> = Vec::new();
        for target in &forwarding.targets {
            // Sorted by host: another port of the last one's host.
            let last = all.last().filter(|last| last.target.host == target.host);
            if let Some(last) = last {
                remarks.push(left_out(&target.allowed, &second_port(target, last)));
                continue;
            }
            match Route::of(target) {
                Ok(route) => {
                    remarks.extend(several_apps(&route, pods));
                    remarks.extend(port_of_service(&route, pods));
                    all.push(route);
                }
                Err(why) => {
                    let message = format!("{}:{} is left out: {why}", target.host, target.port);
                    remarks.push(left_out(&target.allowed, &message));
                }
            }
        }
        let mut said: Vec<&Origin> = Vec::new();
        for wildcard in &forwarding.wildcards {
            if said.contains(&&wildcard.allowed) {
                continue;
            }
            said.push(&wildcard.allowed);
            let message = "this is left out: a TLSRoute leads to a Service that has a name, and which \
                           pods are meant is not known; give the files of the clusters that call";
            remarks.push(left_out(&wildcard.allowed, message));
        }
        Self { all }
    }
}

impl Route {
    fn of(target: &Target) -> Result<Self, String> {
        let host = &target.host;
        let (front, _) = host
            .as_str()
            .split_once(".svc.")
            .ok_or("it is no Service's")?;
        let labels: Vec<&str> = front.split('.').collect();
        let (backend, namespace) = match (labels.as_slice(), target.kind) {
            (&[service, namespace], _) => (Backend::Service(service.to_owned()), namespace),
            (&[pod, set, namespace], TargetKind::Pod) if is_pod_of(pod, set) => {
                let service = format!("{PREFIX}{pod}");
                if service.len() > MAX_LABEL {
                    return Err(format!("{service} is too long for a Service's name"));
                }
                let pod = pod.to_owned();
                (Backend::Pod { service, pod }, namespace)
            }
            _ => {
                return Err(
                    "a TLSRoute leads to a Service, and none can select this pod: it is of \
                            no StatefulSet, by its name"
                        .to_owned(),
                );
            }
        };
        let mut hostnames: Vec<Hostname> = Vec::new();
        for name in &target.names {
            if name.host.as_str().contains('_') {
                return Err(format!("{} has an underscore", name.host));
            }
            if !hostnames.contains(&name.host) {
                hostnames.push(name.host.clone());
            }
        }
        hostnames.sort();
        Ok(Self {
            target: target.clone(),
            namespace: namespace.to_owned(),
            hostnames,
            backend,
        })
    }
}

/// Whether the name is that of a pod of the StatefulSet, which Kubernetes labels with it.
fn is_pod_of(pod: &str, set: &str) -> bool {
    let name = format!("{pod}.{set}.n.svc.d").parse();
    let domain = "d".parse();
    match (name, domain) {
        (Ok(name), Ok(domain)) => alias::alias_host(&name, &domain).is_some(),
        _ => false,
    }
}

fn second_port(target: &Target, first: &Route) -> String {
    format!(
        "port {} of {} is left out: a plain server name tells no port, and port {} has it already",
        target.port, target.host, first.target.port
    )
}

/// A shim that serves several apps can't tell which is meant.
fn several_apps(route: &Route, pods: Who) -> Option<Remark> {
    let mut ports: Vec<NonZeroU16> = Vec::new();
    for number in route.target.names.iter().filter_map(|name| name.number) {
        if !ports.contains(&number) {
            ports.push(number);
        }
    }
    if pods != Who::Eastwest || ports.len() < 2 {
        return None;
    }
    ports.sort();
    let ports: Vec<_> = ports.iter().map(ToString::to_string).collect();
    let message = format!(
        "the ports {} of {} can't be told apart by a plain server name: a shim that serves several \
         refuses it",
        ports.join(", "),
        route.target.host
    );
    Some(left_out(&route.target.allowed, &message))
}

/// The Service that the name is of must lead to the shims.
fn port_of_service(route: &Route, pods: Who) -> Option<Remark> {
    let Backend::Service(service) = &route.backend else {
        return None;
    };
    (pods == Who::Eastwest).then(|| Remark {
        severity: Severity::Warning,
        origin: route.target.allowed.clone(),
        message: format!(
            "the Service {service} in {} must have the port {}, at which the shims of its pods are",
            route.namespace, route.target.port
        ),
    })
}

fn left_out(origin: &Origin, message: &str) -> Remark {
    Remark {
        severity: Severity::Error,
        origin: origin.clone(),
        message: message.to_owned(),
    }
}
