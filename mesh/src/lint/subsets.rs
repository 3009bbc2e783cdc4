//! Subsets of a DestinationRule.

use std::collections::HashSet;

use super::dns_names::is_label;
use super::world::World;
use crate::code::Code;
use crate::manifest::Kind;
use crate::yaml::Node;

pub(super) fn check(world: &World<'_>) {
    for (item, spec) in world.of_kind(Kind::DestinationRule) {
        let mut names = HashSet::new();
        for subset in spec.get("subsets").map_or(&[][..], Node::items) {
            let name = subset.get("name").and_then(Node::text).unwrap_or_default();
            let why = if name.is_empty() {
                "it has no name".to_owned()
            } else if !is_label(name) {
                format!("{name:?} is no label of a DNS name")
            } else if !names.insert(name) {
                format!("{name:?} is the name of one before it")
            } else {
                continue;
            };
            let message = format!("istiod refuses this subset: {why}");
            item.refused(
                Code::RuleSubset,
                subset.mark,
                message,
                "give it a name of its own",
            );
        }
    }
}
