//! Objects that are read for their names alone, where they name an alias.

use std::collections::HashSet;

use crate::code::Code;
use crate::hostname::Hostname;
use crate::kinds::neighbour::{Neighbour, NeighbourKind};
use crate::manifest::Loaded;
use crate::route::{DownRoute, Route};

pub(super) fn warn(neighbours: &[Loaded<Neighbour>], routes: &[Route], down: &[DownRoute]) {
    let served = routes.iter().map(|route| &route.alias);
    let aliases: HashSet<&Hostname> = served.chain(down.iter().map(|down| &down.alias)).collect();
    for neighbour in neighbours {
        let named = neighbour
            .value
            .hosts
            .iter()
            .find(|host| aliases.contains(host));
        let (report, mark) = (&neighbour.report, neighbour.mark);
        match (neighbour.value.kind, named) {
            (NeighbourKind::Service, Some(alias)) => report.warning(
                Code::ServiceOfAlias,
                mark,
                format!(
                    "has the name of the alias {alias}: whoever asks the cluster's own DNS gets \
                     the Service's address, and only whoever asks our resolver gets the alias's"
                ),
            ),
            (NeighbourKind::VirtualService, Some(alias)) => report.warning(
                Code::NoEffect,
                mark,
                format!(
                    "has no effect on the alias {alias}: its connections are tunnelled as they \
                     are, to the gateways of its ServiceEntry"
                ),
            ),
            (NeighbourKind::VirtualService, None) => {
                report.note(Code::PassedOver, mark, "is passed over: it names no alias");
            }
            (NeighbourKind::Service, None) => {}
        }
    }
}
