//! What the pod's name servers say of the alias.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use eastwest_daemon::EndpointAddress;
use eastwest_mesh::Route;
use eastwest_shim::OF_ALL_ADDRESSES;
use eastwest_transport::resolve::{NameServers, ResolveError};
use tokio::time::Instant;

use super::fault::Fault;
use super::look::{Broken, Look};
use super::unserved;

/// Time for one name server, which is near: of three all are heard before a person gives up.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the servers in their order, as the pod's C library does, until one says anything.
///
/// Our own answers SERVFAIL for an alias that is down: why, the shim says at its `admin` address.
pub(super) async fn look(
    servers: &[SocketAddr],
    admin: EndpointAddress,
    route: &Route,
) -> Result<Look, Broken> {
    let mut failed = Vec::new();
    for server in servers {
        let answer = match NameServers::at(&[*server]) {
            Ok(names) => {
                let deadline = Instant::now() + PATIENCE;
                names.look_up(route.alias.as_str(), deadline).await
            }
            Err(error) => {
                failed.push(format!("{server}: {error}"));
                continue;
            }
        };
        match answer {
            Ok(answer) => return compare(*server, &answer.addresses, &route.virtual_ips),
            Err(ResolveError::NotFound { said, .. }) => {
                let seen = format!("{server} says: {said}");
                return Err(Broken::new(Fault::DnsUnknown, seen));
            }
            Err(ResolveError::Failed { said, .. }) => failed.push(format!("{server}: {said}")),
        }
    }
    let seen = failed.join("; ");
    Err(match unserved::why(admin, route).await {
        Some(why) if why.contains(OF_ALL_ADDRESSES) => {
            Broken::new(Fault::VipAnsweredByAnother, format!("the shim says: {why}"))
        }
        Some(why) => Broken::new(Fault::DnsFailed, format!("{seen}; the shim says: {why}")),
        None => Broken::new(Fault::DnsFailed, seen),
    })
}

/// In mode `service` the address is the cluster's to choose.
fn compare(server: SocketAddr, found: &[IpAddr], wanted: &[IpAddr]) -> Result<Look, Broken> {
    let list = |ips: &[IpAddr]| {
        let ips: Vec<_> = ips.iter().map(ToString::to_string).collect();
        ips.join(", ")
    };
    let ours = wanted.is_empty() || found.iter().all(|ip| wanted.contains(ip));
    let seen = format!("{server} says {}", list(found));
    match ours {
        true => Ok(Look::Fine(seen)),
        false => Err(Broken::new(
            Fault::DnsOtherAnswer,
            format!("{seen}; the manifests say {}", list(wanted)),
        )),
    }
}
