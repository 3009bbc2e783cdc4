//! One document into a tree, within bounds that no honest manifest reaches.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, MessageFormatter, Options, Spanned, UserMessageFormatter};

use super::documents::Document;
use super::node::{Entry, Mark, Node, Value};

/// Nesting. The deepest field that is read here stands at 9.
const MAX_DEPTH: usize = 48;
/// Values in one document; a Gateway with 100,000 hosts passes.
const MAX_NODES: usize = 1_000_000;
/// Values that come out of aliases (`*name`), all together: what stops "billion laughs".
const MAX_ALIASED: usize = 20_000;

/// Why a document is no YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) mark: Mark,
    pub(crate) message: String,
}

/// Parses one document.
pub(crate) fn parse(document: Document<'_>) -> Result<Node, SyntaxError> {
    let place = Place {
        lines_before: document.lines_before,
    };
    serde_saphyr::from_str_with_options::<Spanned<Tree>>(document.text, options())
        .map(|tree| place.node(tree))
        .map_err(|error| SyntaxError {
            mark: error
                .location()
                .map_or_else(|| place.first(), |at| place.mark(at)),
            message: UserMessageFormatter
                .format_message(error.without_snippet())
                .into_owned(),
        })
}

fn options() -> Options {
    let mut options = serde_saphyr::options! {
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_recorded_anchor_events: 10 * MAX_ALIASED,
            max_merge_keys: 1_000,
        },
    };
    options.alias_limits.max_total_replayed_events = MAX_ALIASED;
    options
}

/// The tree as serde sees it, with places counted from the document's own start.
enum Tree {
    Scalar(Value),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Bool(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Integer(value.into())))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Integer(value.into())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Float(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Text(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Text(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Tree::Map(entries))
    }
}

/// Turns places in the document into places in the file.
#[derive(Clone, Copy)]
struct Place {
    lines_before: u32,
}

impl Place {
    const fn first(self) -> Mark {
        Mark {
            line: self.lines_before.saturating_add(1),
            column: 1,
        }
    }

    fn mark(self, location: Location) -> Mark {
        if location == Location::UNKNOWN {
            return self.first();
        }
        let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Mark {
            line: self.lines_before.saturating_add(count(location.line())),
            column: count(location.column()),
        }
    }

    fn node(self, tree: Spanned<Tree>) -> Node {
        let value = match tree.value {
            Tree::Scalar(value) => value,
            Tree::List(items) => {
                Value::List(items.into_iter().map(|item| self.node(item)).collect())
            }
            Tree::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| self.entry(key, value))
                    .collect(),
            ),
        };
        Node {
            mark: self.mark(tree.defined),
            value,
        }
    }

    fn entry(self, key: Spanned<String>, value: Spanned<Tree>) -> Entry {
        Entry {
            mark: self.mark(key.defined),
            key: key.value,
            node: self.node(value),
        }
    }
}
