//! What the flags say of the servers of this pod.

use std::collections::BTreeSet;

use eastwest_mesh::Mesh;

use super::{OwnPorts, Unowned};
use crate::args::{Mode, OwnPort, ShimArgs};

/// What callers are let in to is a server of this pod, too. It matters where the shim binds the addresses
/// of the aliases. The ports of mode `port` are no server's.
pub(crate) fn given(args: &ShimArgs, mesh: &Mesh) -> OwnPorts {
    let (outbound, inbound) = (&args.outbound, &args.inbound);
    let given = outbound.own_ports.iter().filter_map(|own| match own {
        OwnPort::At(port) => Some(port),
        OwnPort::None => None,
    });
    let ports: BTreeSet<u16> = given.chain(&inbound.ports).map(|port| port.get()).collect();
    let callers = (!inbound.ports.is_empty()).then_some(inbound.inbound_listen);
    let shims = args.daemon.endpoint_addresses().chain(callers);
    let own = match outbound.mode {
        Mode::Vip => {
            let unowned = match outbound.own_ports.as_slice() {
                [OwnPort::None] => Unowned::AtOnce,
                _ if !outbound.dns_listen.is_empty() => {
                    tracing::info!(
                        "a port that no server of this pod has is taken when an alias is first asked for \
                         (--own-port none: at once)"
                    );
                    Unowned::WhenAsked
                }
                [] => {
                    tell_unowned(mesh, &ports);
                    Unowned::AtOnce
                }
                _ => Unowned::AtOnce,
            };
            OwnPorts::new(ports, unowned)
        }
        Mode::Port => OwnPorts::new(ports, Unowned::AtOnce),
        Mode::Redirect | Mode::Service => OwnPorts::new([], Unowned::AtOnce),
    };
    own.with_shims(shims)
}

/// Where others answer the aliases, nothing says when a server of this pod has started.
fn tell_unowned(mesh: &Mesh, owned: &BTreeSet<u16>) {
    let mut told = BTreeSet::new();
    for route in &mesh.routes {
        let port = route.listen_port.get();
        if !owned.contains(&port) && told.insert(port) {
            tracing::warn!(
                alias = %route.alias,
                port,
                "mode vip takes port {port} of the alias's address: a server of this pod that wants it on \
                 all addresses, as mysqld may, CANNOT START. Say --own-port {port} if there is one, and \
                 --own-port none if not"
            );
        }
    }
}
