//! Objects by kind and name, of which there is one each.

use std::collections::HashMap;

use super::kind::Kind;
use crate::code::Code;
use crate::finding::Origin;
use crate::object::Object;
use crate::report::Report;
use crate::yaml::Node;

/// Where each object, by kind and name, was first seen.
#[derive(Default)]
pub(super) struct Names<'a> {
    seen: HashMap<(Kind, String), (Origin, &'a Node)>,
    /// The two objects of each error about a name that is taken, by its place.
    pub(super) contests: HashMap<Origin, Contest>,
}

/// Two objects of one kind and name, as what is in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Contest {
    counts: String,
    left_out: String,
}

impl Contest {
    /// Whether one of the two at least is still what it was. If neither is, it may be the other one
    /// that counts.
    pub(crate) fn has_same_order(&self, other: &Self) -> bool {
        self.counts == other.counts || self.left_out == other.left_out
    }
}

/// What an object is among those of its kind and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    First,
    /// The same object once more, as when a file is given beside the folder that it is in.
    Repeated,
    /// Another object has its name, and an error says so.
    Taken,
}

impl<'a> Names<'a> {
    pub(super) fn place(
        &mut self,
        kind: Kind,
        object: &Object<'_>,
        root: &'a Node,
        report: &Report,
    ) -> Place {
        // Nameless objects are reported as such.
        if object.name.is_empty() {
            return Place::First;
        }
        let key = (kind, object.full_name());
        let Some((first, node)) = self.seen.get(&key) else {
            let origin = report.origin(object.mark);
            self.seen.insert(key, (origin, root));
            return Place::First;
        };
        if node.same_content(root) {
            let message = format!("is the same as the one at {first}, and counts once");
            report.note(Code::SameName, object.mark, message);
            return Place::Repeated;
        }
        let message = format!("is defined already at {first}, and only that one counts");
        report.error_with_fix(
            Code::SameName,
            object.mark,
            message,
            "take one of the two out",
        );
        let contest = Contest {
            counts: node.content(),
            left_out: root.content(),
        };
        self.contests.insert(report.origin(object.mark), contest);
        Place::Taken
    }
}
