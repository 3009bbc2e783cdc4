//! Kinds that are read for their names alone: what they do to an alias of the same name is not
//! done here, and that is worth a warning.

use std::num::NonZeroU16;

use crate::hostname::Hostname;
use crate::object::Object;
use crate::yaml::{Node, Value};

/// An object that bears on the hosts that it names.
#[derive(Clone, Debug)]
pub(crate) struct Neighbour {
    pub(crate) kind: NeighbourKind,
    pub(crate) hosts: Vec<Hostname>,
    /// `spec.ports` of a Service.
    pub(crate) ports: Vec<NonZeroU16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NeighbourKind {
    Service,
    VirtualService,
}

/// A Service bears on its own DNS name.
pub(crate) fn service(object: &Object<'_>, domain: &Hostname) -> Neighbour {
    let host = format!("{}.{}.svc.{domain}", object.name, object.namespace()).parse();
    let ports = object.root.at(&["spec", "ports"]);
    let ports = ports.map_or(&[][..], Node::items).iter();
    let number = |port: &Node| NonZeroU16::new(port.get("port")?.port()?);
    Neighbour {
        kind: NeighbourKind::Service,
        hosts: host.into_iter().collect(),
        ports: ports.filter_map(number).collect(),
    }
}

/// A VirtualService bears on `spec.hosts`; a name without a dot is one of its own namespace.
pub(crate) fn virtual_service(object: &Object<'_>, domain: &Hostname) -> Neighbour {
    let hosts = object
        .root
        .get("spec")
        .and_then(|spec| spec.get("hosts"))
        .map(|node| &node.value);
    let items = match hosts {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    let full = |name: &str| match name.contains('.') {
        true => name.parse().ok(),
        false => format!("{name}.{}.svc.{domain}", object.namespace())
            .parse()
            .ok(),
    };
    let hosts = items
        .iter()
        .filter_map(Node::text)
        .filter_map(full)
        .collect();
    Neighbour {
        kind: NeighbourKind::VirtualService,
        hosts,
        ports: Vec::new(),
    }
}
