//! `exportTo` of a ServiceEntry and a DestinationRule.

use std::collections::HashSet;

use super::dns_names::is_label;
use super::entry::texts;
use super::world::World;
use crate::code::Code;
use crate::manifest::Kind;

pub(super) fn check(world: &World<'_>) {
    for kind in [Kind::ServiceEntry, Kind::DestinationRule] {
        for (item, spec) in world.of_kind(kind) {
            let list = texts(spec.get("exportTo"));
            let mut seen = HashSet::new();
            let alone = list.len() == 1;
            for to in &list {
                let own = item.object.namespace();
                let meant = if to.text == "." { own } else { to.text };
                let why = if !seen.insert(meant) {
                    "it is there twice"
                } else if to.text == "~" && kind != Kind::ServiceEntry {
                    "\"~\" is for ServiceEntries only"
                } else if matches!(to.text, "*" | "~") && !alone {
                    "it stands alone or not at all"
                } else if !matches!(to.text, "*" | "." | "~") && !is_label(to.text) {
                    "it is none of \".\", \"*\", \"~\" and no namespace"
                } else {
                    continue;
                };
                let message = format!("istiod refuses {:?} in exportTo: {why}", to.text);
                let fix = "write [\"*\"] for all namespaces, or the namespaces";
                item.refused(Code::ExportTo, to.mark, message, fix);
            }
        }
    }
}
