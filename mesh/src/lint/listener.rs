//! TCP hosts that one listener takes for one.
//!
//! Without an address the listener of a TCP port is 0.0.0.0:PORT, one for all, and the first
//! ServiceEntry has it (`listener.go`); two with one address share that one in the same way.

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;

use super::edit::Edit;
use super::entry::{Entry, Transport};
use super::world::World;
use crate::code::Code;
use crate::finding::Severity;
use crate::virtual_ip::{self, Capture};

/// A listener of a sidecar: cluster, port, and the address if there is one.
type Listener<'a> = (usize, u16, Option<&'a str>);

/// Who has a listener: entries that all namespaces see, and those that one sees.
#[derive(Default)]
struct Owners<'a> {
    everywhere: usize,
    within: HashMap<&'a str, usize>,
}

impl Owners<'_> {
    /// How many there are for a sidecar that sees `entry`.
    fn beside(&self, entry: &Entry<'_>) -> usize {
        let within = match entry.is_private() {
            true => self.within.get(entry.item.object.namespace()).copied(),
            false => Some(self.within.values().sum()),
        };
        self.everywhere + within.unwrap_or(0)
    }
}

pub(super) fn check(world: &World<'_>) {
    let mut owners: HashMap<Listener<'_>, Owners<'_>> = HashMap::new();
    for entry in &world.entries {
        for listener in listeners(entry) {
            let owners = owners.entry(listener).or_default();
            match entry.is_private() {
                true => {
                    *owners
                        .within
                        .entry(entry.item.object.namespace())
                        .or_default() += 1
                }
                false => owners.everywhere += 1,
            }
        }
    }
    let mut taken = addresses(world);
    for entry in &world.entries {
        let shared = |listener: &Listener<'_>| {
            owners
                .get(listener)
                .is_some_and(|owners| owners.beside(entry) > 1)
        };
        if let Some(listener) = listeners(entry).into_iter().find(shared) {
            tell(entry, listener, &mut taken);
        }
    }
}

/// The TCP listeners that an entry asks for.
fn listeners<'a>(entry: &Entry<'a>) -> Vec<Listener<'a>> {
    if allocated(entry) {
        return Vec::new();
    }
    let tcp = entry
        .ports
        .iter()
        .filter(|port| port.transport == Transport::Tcp)
        .filter_map(|port| port.number);
    let cluster = entry.item.cluster;
    let listeners = tcp.flat_map(|port| {
        let with = entry
            .addresses
            .iter()
            .map(move |at| (cluster, port, Some(at.text)));
        let without = entry.addresses.is_empty().then_some((cluster, port, None));
        with.chain(without).collect::<Vec<_>>()
    });
    let mut seen = HashSet::new();
    listeners
        .filter(|listener| seen.insert(*listener))
        .collect()
}

/// Whether Istio's own allocator has given it addresses.
fn allocated(entry: &Entry<'_>) -> bool {
    let written = entry.item.object.root.at(&["status", "addresses"]);
    entry.addresses.is_empty() && written.is_some_and(|list| !list.items().is_empty())
}

fn addresses(world: &World<'_>) -> HashSet<Ipv4Addr> {
    let written = world.entries.iter().flat_map(|entry| &entry.addresses);
    written.filter_map(|at| at.text.parse().ok()).collect()
}

fn tell(entry: &Entry<'_>, (_, port, address): Listener<'_>, taken: &mut HashSet<Ipv4Addr>) {
    let place = entry
        .hosts
        .first()
        .map_or(entry.spec.mark, |host| host.mark);
    let what = (Severity::Error, Code::SharedListener);
    if let Some(address) = address {
        let message = format!(
            "another ServiceEntry has the address {address} and TCP port {port} too: in the \
             client's sidecar the first has the listener, and a replica silently follows the wrong \
             source (istio#11741)"
        );
        let fix = "give each host an address of its own";
        return entry.item.tell(what, place, message, fix, None);
    }
    let message = format!(
        "TCP port {port} without addresses shares the listener 0.0.0.0:{port} with other \
         ServiceEntries: the first wins on the client's side, and a replica silently follows the \
         wrong source (istio#11741)"
    );
    let name = entry.names().next().map(|(name, _)| name);
    let free =
        name.and_then(|name| virtual_ip::free(&name, Capture::Redirect, |ip| taken.contains(&ip)));
    let (fix, edit) = match free {
        Some(free) => {
            taken.insert(free);
            let line = format!("addresses: [{free}]");
            let edit = match entry.spec.get("addresses") {
                None => Edit::add(entry.item, entry.spec, "hosts", &line),
                Some(_) => None,
            };
            (format!("add {line}"), edit)
        }
        None => (
            "add addresses: with one that no other host has".to_owned(),
            None,
        ),
    };
    entry.item.tell(what, place, message, fix, edit);
}
