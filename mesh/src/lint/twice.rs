//! Hosts that several ServiceEntries of one cluster define.

use std::collections::HashMap;

use super::world::World;
use crate::Hostname;
use crate::code::Code;
use crate::finding::{Origin, Severity};

pub(super) fn check(world: &World<'_>) {
    let mut seen: HashMap<(usize, Hostname, u16), Origin> = HashMap::new();
    for entry in &world.entries {
        let item = entry.item;
        for (host, mark) in entry.names() {
            let ports = entry.ports.iter().filter_map(|port| port.number);
            // Entries that only their own namespaces see do not meet.
            let ports = ports.filter(|_| !entry.is_private());
            let first = ports.fold(None, |first, port| {
                let key = (item.cluster, host.clone(), port);
                match seen.get(&key) {
                    Some(origin) => first.or_else(|| Some((port, origin.clone()))),
                    None => {
                        seen.insert(key, item.origin(mark));
                        first
                    }
                }
            });
            if let Some((port, first)) = first {
                let message = format!(
                    "{host}:{port} is defined already at {first}: on the client's side the older \
                     object decides, and which one that is depends on when each was applied"
                );
                let fix =
                    "take one of the two out; several gateways belong under one endpoints list";
                item.tell(
                    (Severity::Error, Code::DefinedTwice),
                    mark,
                    message,
                    fix,
                    None,
                );
            }
        }
    }
}
