//! Names of a ServiceEntry's ports.

use super::dns_names::is_label;
use super::entry::Entry;
use super::world::World;
use crate::code::Code;

pub(super) fn check(world: &World<'_>) {
    world.entries.iter().for_each(names);
}

fn names(entry: &Entry<'_>) {
    for port in entry.ports.iter().filter(|port| !port.name.is_empty()) {
        if is_label(port.name) {
            continue;
        }
        let message = format!(
            "istiod refuses the port name {:?}: it must be letters, digits and '-' inside, 63 at most",
            port.name
        );
        entry.item.refused(
            Code::EntryPorts,
            port.mark(),
            message,
            "write a name such as mysql",
        );
    }
}
