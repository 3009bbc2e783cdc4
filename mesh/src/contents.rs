//! What a file holds, for whoever hands it on as it is.

use std::collections::BTreeSet;

use crate::Source;
use crate::finding::Origin;
use crate::manifest::Kind;
use crate::object::{Object, objects};
use crate::report::Report;
use crate::unread::MayNarrow;
use crate::yaml::{Node, documents, parse};

/// The kinds of a file's objects, read as [`load`](crate::load) reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    kinds: BTreeSet<String>,
    narrows_far_ends: bool,
    unknown: Option<Origin>,
}

impl Contents {
    /// Reads a file.
    ///
    /// ```
    /// use eastwest_mesh::{Contents, Source};
    /// let text = "# kind: Pod\nkind:\n  \"Secre\\u0074\"\napiVersion: v1\n".to_owned();
    /// let contents = Contents::of(&Source { name: "a.yaml".to_owned(), text });
    /// assert_eq!(contents.kinds().collect::<Vec<_>>(), ["Secret"]);
    /// ```
    #[must_use]
    pub fn of(source: &Source) -> Self {
        let mut contents = Self::default();
        for document in documents(&source.text) {
            match parse(document) {
                Ok(root) => contents.add(&root, source),
                Err(error) => {
                    let report = Report::new(source.name.as_str().into());
                    let place = report.origin(error.mark);
                    contents.unknown.get_or_insert(place);
                }
            }
        }
        contents
    }

    /// The kinds as they are written; those of lists, and of the items in them, too.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().map(String::as_str)
    }

    /// Whether it has a DestinationRule, or what may be meant for one: who is at the far end of an
    /// alias, and how it is reached.
    #[must_use]
    pub const fn narrows_far_ends(&self) -> bool {
        self.narrows_far_ends
    }

    /// The first part that can't be read, or has no kind: it may be anything.
    #[must_use]
    pub const fn unknown(&self) -> Option<&Origin> {
        self.unknown.as_ref()
    }

    fn add(&mut self, root: &Node, source: &Source) {
        self.name(root);
        for object in objects(root) {
            let report = Report::new(source.name.as_str().into());
            let kind = Object::read(object, &report).and_then(|object| Kind::of(&object, &report));
            match kind {
                Ok(Kind::DestinationRule) | Err(MayNarrow::FarEnds) => self.narrows_far_ends = true,
                Err(MayNarrow::Anything) => {
                    self.unknown
                        .get_or_insert_with(|| report.origin(object.mark));
                }
                Ok(_) | Err(MayNarrow::Nothing | MayNarrow::Callers) => {}
            }
        }
    }

    fn name(&mut self, node: &Node) {
        let kind = node.get("kind").and_then(Node::text);
        self.kinds.extend(kind.map(str::to_owned));
        let items = node.get("items").map(Node::items).unwrap_or_default();
        items.iter().for_each(|item| self.name(item));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(text: &str) -> Contents {
        let name = "a.yaml".to_owned();
        Contents::of(&Source {
            name,
            text: text.to_owned(),
        })
    }

    #[test]
    fn a_kind_is_found_however_it_is_written() {
        for text in [
            "kind: Secret",
            "kind:\n  Secret",
            "kind: !!str Secret",
            "\"kin\\u0064\": 'Secret'",
            "{kind:                                                            Secret}",
            "a: &a Secret\nkind: *a",
            "kind: List\nitems: [{kind: List, items: [{kind: Secret}]}]",
            "# one\n---\nkind: Pod\n---\nkind: Secret",
        ] {
            assert!(
                contents(text).kinds().any(|kind| kind == "Secret"),
                "{text}"
            );
        }
        for text in [
            "# kind: Secret",
            "a: 'kind: Secret'",
            "spec: {ref: {kind: Secret}}",
        ] {
            assert_eq!(contents(text).kinds().count(), 0, "{text}");
        }
    }

    #[test]
    fn what_may_be_a_destination_rule_narrows() {
        let api = "apiVersion: networking.istio.io/v1\n";
        for (text, narrows) in [
            ("kind:\n  DestinationRule", true),
            ("kind: DestinationRules", true),
            ("kind: Destinations", true),
            ("metadata: {}", true),
            ("kind: ServiceEntry", false),
            ("kind: Gateway # kind: DestinationRule", false),
        ] {
            let text = format!("{api}{text}");
            assert_eq!(contents(&text).narrows_far_ends(), narrows, "{text}");
        }
    }

    #[test]
    fn what_has_no_kind_is_unknown_and_has_its_place() {
        for (text, place) in [
            ("kind: Pod\n---\nKind: Secret\ndata: [\n", Some((4, 7))),
            ("kind: Pod\n---\nKind: Secret\nmetadata: {}\n", Some((3, 1))),
            ("kind: SecretList\nitems: [{metadata: {}}]\n", Some((2, 9))),
            ("image: {tag: 1}\n", None),
        ] {
            let contents = contents(text);
            let found = contents.unknown().map(|at| (at.line, at.column));
            assert_eq!(found, place, "{text}");
        }
    }
}
