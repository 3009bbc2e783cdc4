//! A server name that leads nowhere, and that a DestinationRule of this cluster has set.

use std::net::SocketAddr;

use eastwest_mesh::{Hostname, Route};

use super::doubt;
use super::fault::Fault;
use super::look::Broken;
use super::way::Way;

/// What it means that the gateway at `address` leads nowhere: where a rule of ours has made the route's server name
/// another than it would be, cluster A need not be the one that is wrong.
pub(super) async fn judge(
    broken: Broken,
    (route, domain): (&Route, &Hostname),
    address: SocketAddr,
    way: &mut Way,
) -> Broken {
    let Some((rule, usual)) = route.unusual_server_name(domain) else {
        return broken;
    };
    let Broken { fault, seen } = broken;
    let judged = match fault {
        // Where it is not known to be exported it may be all the same: of plain names nothing can be told so.
        Fault::NotExported => {
            let is_usual = doubt::is_exported(address, &usual).await;
            let exported = is_usual.then(|| format!("; {usual} is exported"));
            let seen = seen + exported.as_deref().unwrap_or_default();
            Broken::new(Fault::RuleNotExported, seen)
        }
        // Under a wildcard every name is exported. That no such pod is there may be either side's doing.
        Fault::PodNameUnknown | Fault::PodUnreachable => {
            let why = format!(
                "the DestinationRule at {rule} sets this server name, without that rule it would be {usual}"
            );
            Broken::new(fault, format!("{seen}; {why}"))
        }
        _ => return Broken { fault, seen },
    };
    way.see(&judged.seen);
    judged
}
