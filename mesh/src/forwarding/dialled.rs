//! Where a server name leads.

use std::num::NonZeroU16;

use super::asked::Asked;
use super::cluster::Cluster;
use super::{Pods, Remark, TargetKind, remarks};
use crate::finding::Origin;
use crate::hostname::Hostname;
use crate::{Dialect, INBOUND_PORT};

/// What is dialled for a name.
pub(super) struct Found {
    pub(super) host: Hostname,
    pub(super) port: NonZeroU16,
    pub(super) kind: TargetKind,
    pub(super) allowed: Origin,
    pub(super) remark: Option<Remark>,
}

/// Asks as the gateway does. `Err` says why the name is refused.
pub(super) fn find(asked: &Asked, cluster: &Cluster) -> Result<Found, String> {
    let (name, exports) = (&asked.name, &cluster.mesh.exports);
    // The number in a plain name's record comes from elsewhere, and no gateway sees it.
    let in_name = name.number.filter(|_| name.dialect == Dialect::Istio);
    let ask = |host: &Hostname| {
        exports
            .target(name.dialect, host.as_str(), in_name)
            .map_err(|refusal| refusal.to_string())
    };
    let mut target = ask(&name.host)?;
    let mut remark = None;
    let meant = asked.meant.clone().map(|meant| exports.dialled(meant));
    match meant.filter(|meant| *meant != target.host && !is_service(asked, cluster)) {
        None => {}
        // Only the caller's cluster knows which pod is behind it.
        Some(meant) if target.host == name.host => target = ask(&meant)?,
        Some(meant) => remark = Some(remarks::other_pod(name, &target.host, &meant)),
    }
    let (host, port, kind) = match cluster.pods {
        Pods::Shim => (target.host, target.port, TargetKind::Pod),
        Pods::Sidecar if is_service(asked, cluster) => {
            let only = || cluster.only_port(&name.host);
            let port = in_name.or_else(only).or(name.number);
            (
                name.host.clone(),
                port.unwrap_or(INBOUND_PORT),
                TargetKind::Service,
            )
        }
        Pods::Sidecar => {
            let own = exports.own_port(&target.host, in_name);
            let port = own.or(name.number).ok_or_else(|| {
                format!(
                    "nothing says at which port the sidecar of {} is dialled",
                    target.host
                )
            })?;
            (target.host, port, TargetKind::Pod)
        }
    };
    Ok(Found {
        host,
        port,
        kind,
        allowed: target.origin,
        remark,
    })
}

/// Whether Istio's gateway would know the name by a Service.
fn is_service(asked: &Asked, cluster: &Cluster) -> bool {
    let name = &asked.name;
    let number = name.number.filter(|_| name.dialect == Dialect::Istio);
    cluster.pods == Pods::Sidecar && cluster.has_service(&name.host, number)
}
