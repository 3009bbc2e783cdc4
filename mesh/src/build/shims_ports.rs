//! Ports that the shim has for itself, and no alias can be listened on at.

use super::served::Candidate;
use crate::code::Code;
use crate::object::SERVICE_PORT;
use crate::route::DownRoute;
use crate::virtual_ip::Capture;

/// On all addresses, unless the shim's flags say otherwise: Istio has the same.
const ON_ALL_ADDRESSES: [(u16, &str); 2] = [(15020, "metrics"), (15021, "probes")];
/// On 127.0.0.1, which is in the way of whoever wants all addresses.
const ADMIN: (u16, &str) = (15000, "admin calls");

/// Takes down what would be listened on at one of them. In mode `redirect` nothing is: the same files may
/// be for pods of mode `vip`, so that it is worth a note.
pub(super) fn refuse<'a>(
    mut candidates: Vec<Candidate<'a>>,
    capture: Capture,
    down: &mut Vec<DownRoute>,
) -> Vec<Candidate<'a>> {
    let fix = match capture {
        Capture::Vip => "use mode port or redirect".to_owned(),
        Capture::Port(_) => "give another --port-offset".to_owned(),
        Capture::Service => format!("write another port in the annotation {SERVICE_PORT}"),
        Capture::Redirect => String::new(),
        Capture::Elsewhere => return candidates,
    };
    let admin = (capture == Capture::Service).then_some(ADMIN);
    candidates.retain(|Candidate { alias, route, .. }| {
        let mut own = ON_ALL_ADDRESSES.into_iter().chain(admin);
        let Some((port, what)) = own.find(|(port, _)| *port == route.listen_port.get()) else {
            return true;
        };
        let (alias_name, of) = (&route.alias, route.port);
        let message = format!(
            "{alias_name}:{of} would be listened on at {port}, where the shim itself has its {what}"
        );
        if capture == Capture::Redirect {
            let message = format!("{message}, in mode vip; use mode port or redirect");
            let report = &alias.entry.report;
            report.note(Code::ShimsPort, route.origin.mark(), message);
            return true;
        }
        let message = format!("{message}, so it is not served");
        let reason = alias.error(Code::ShimsPort, &route.origin, message, fix.clone());
        down.push(alias.down(Some(route.port), reason));
        false
    });
    candidates
}
