//! Changes of a text at known places, which leave everything else of it as it is.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Arc;

use super::text::Text;
use super::world::Item;
use crate::yaml::{Entry, Mark, Node, Value};

/// One change of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The file's name, as it was given.
    pub file: Arc<str>,
    mark: Mark,
    change: Change,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Change {
    /// Put this in front of the place.
    Insert(String),
    /// Put this line, of this indentation, in front of the place's line.
    Line(usize, String),
    /// Put the second in the place of the first.
    Replace(String, String),
}

/// `text` with all of the edits; those whose place is not there are left out.
#[must_use]
pub fn apply(text: &str, edits: &[&Edit]) -> String {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let index = Text::of(text);
    let place = |edit: &&'_ Edit| Some((edit.offset(&index)?, edit.change.clone()));
    let mut places: Vec<(usize, Change)> = edits.iter().filter_map(place).collect();
    // Two findings may ask for the same change.
    let mut seen = HashSet::new();
    places.retain(|place| seen.insert(place.clone()));
    places.sort_by_key(|&(at, _)| at);
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for (at, change) in places {
        out.push_str(text.get(done..at).unwrap_or_default());
        done = done.max(at);
        match &change {
            Change::Insert(what) => out.push_str(what),
            Change::Line(indent, line) => {
                // The file's last line may lack its end.
                if !out.is_empty() && !out.ends_with('\n') {
                    out.push_str(newline);
                }
                let _ = write!(out, "{:indent$}{line}{newline}", "");
            }
            Change::Replace(old, new) => {
                out.push_str(new);
                done = at + old.len();
            }
        }
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

impl Edit {
    /// Where in the text it is; `None` where the text is not what it was made for.
    fn offset(&self, text: &Text<'_>) -> Option<usize> {
        let column = match self.change {
            Change::Line(..) => 1,
            _ => self.mark.column,
        };
        let at = text.offset(Mark {
            column,
            ..self.mark
        })?;
        match &self.change {
            Change::Replace(old, _) => {
                let rest = text.whole.get(at..)?;
                rest.starts_with(old.as_str()).then_some(at)
            }
            _ => Some(at),
        }
    }

    /// Writes the second word where `node`, somewhere below `parent`, has the first.
    pub(super) fn replace(
        item: &Item<'_>,
        parent: &Node,
        node: &Node,
        [old, new]: [&str; 2],
    ) -> Option<Self> {
        let written = item.text.at(node)?.starts_with(old) && stands_below(parent, node);
        written.then(|| Self {
            file: item.origin(node.mark).file,
            mark: node.mark,
            change: Change::Replace(old.to_owned(), new.to_owned()),
        })
    }

    /// Adds `line` to the mapping `map`, which is the value of a key of `parent`.
    pub(super) fn add_below(
        item: &Item<'_>,
        parent: &Node,
        map: &Node,
        line: &str,
    ) -> Option<Self> {
        stands_below(parent, map)
            .then(|| Self::add(item, map, "", line))
            .flatten()
    }

    /// Adds `line`, a key with its value, to the mapping `map`: after the key `after`, where that
    /// can be, else anywhere in it.
    pub(super) fn add(item: &Item<'_>, map: &Node, after: &str, line: &str) -> Option<Self> {
        let Value::Map(entries) = &map.value else {
            return None;
        };
        let edit = |mark, change| Self {
            file: item.origin(mark).file,
            mark,
            change,
        };
        let rest = item.text.at(map)?;
        if entries.is_empty() {
            let inside = Mark {
                column: map.mark.column + 1,
                ..map.mark
            };
            return rest
                .starts_with("{}")
                .then(|| edit(inside, Change::Insert(line.to_owned())));
        }
        let follower = entries.iter().position(|entry| entry.key == after);
        let (before, behind) = entries.split_at_checked(follower.map_or(0, |at| at + 1))?;
        // What comes from an anchor by a merge key stands in front.
        let own = |entry: &&Entry| entry.mark >= map.mark;
        let mut candidates = behind.iter().chain(before);
        if rest.starts_with('{') {
            let entry = candidates.find(own)?;
            return Some(edit(entry.mark, Change::Insert(format!("{line}, "))));
        }
        let own_line = candidates.find(|entry| own(entry) && blank_before(&item.text, entry.mark));
        if let Some(entry) = own_line {
            let indent = entry.mark.column.saturating_sub(1) as usize;
            let mark = above_comments(&item.text, entry.mark);
            return Some(edit(mark, Change::Line(indent, line.to_owned())));
        }
        // The only key of an item of a list, `- address: 10.0.0.1`.
        let last = entries.last().filter(|last| {
            let scalar = !matches!(last.node.value, Value::Map(_) | Value::List(_));
            scalar && last.node.mark.line == last.mark.line && own(last)
        })?;
        let indent = last.mark.column.saturating_sub(1) as usize;
        let next = Mark {
            line: last.mark.line + 1,
            column: 1,
        };
        Some(edit(next, Change::Line(indent, line.to_owned())))
    }
}

/// Whether `node` is written there: the value of an anchor stands further up, where a change would
/// change all that refers to it.
fn stands_below(parent: &Node, node: &Node) -> bool {
    node.mark >= parent.mark
}

fn blank_before(text: &Text<'_>, mark: Mark) -> bool {
    let front = |line: &str| {
        let mut front = line.chars().take(mark.column.saturating_sub(1) as usize);
        front.all(|c| c == ' ')
    };
    text.line(mark.line).is_some_and(front)
}

/// Comments on lines of their own belong to what stands below them.
fn above_comments(text: &Text<'_>, mark: Mark) -> Mark {
    let mut line = mark.line;
    let is_comment = |line| {
        let above = text.line(line);
        above.is_some_and(|above| above.trim_start().starts_with('#'))
    };
    while line > 1 && is_comment(line - 1) {
        line -= 1;
    }
    Mark { line, ..mark }
}
