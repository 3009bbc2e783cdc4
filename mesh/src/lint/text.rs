//! A file's text, in which places are found without counting from its start each time.

use crate::yaml::{Mark, Node};

/// A text and where its lines begin.
pub(super) struct Text<'a> {
    pub(super) whole: &'a str,
    starts: Vec<usize>,
    /// Where a lone carriage return breaks a line for YAML, lines can't be counted by line feeds.
    countable: bool,
}

impl<'a> Text<'a> {
    pub(super) fn of(whole: &'a str) -> Self {
        let bare = whole.strip_prefix('\u{feff}').unwrap_or(whole);
        let bom = whole.len() - bare.len();
        let feeds = bare.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let starts = std::iter::once(bom).chain(feeds.map(|(at, _)| bom + at + 1));
        Self {
            whole,
            starts: starts.collect(),
            countable: !whole.replace("\r\n", "\n").contains('\r'),
        }
    }

    /// The byte at a place.
    pub(super) fn offset(&self, mark: Mark) -> Option<usize> {
        if !self.countable {
            return None;
        }
        let line = mark.line.checked_sub(1)? as usize;
        // Behind a last line without its end.
        if line == self.starts.len() {
            return Some(self.whole.len());
        }
        let start = *self.starts.get(line)?;
        let line = self.line(mark.line)?;
        let mut columns = line.char_indices().map(|(at, _)| at).chain([line.len()]);
        Some(start + columns.nth(mark.column.checked_sub(1)? as usize)?)
    }

    /// A line with its end.
    pub(super) fn line(&self, line: u32) -> Option<&'a str> {
        let line = line.checked_sub(1)? as usize;
        let start = *self.starts.get(line)?;
        let end = self.starts.get(line + 1).copied();
        self.whole.get(start..end.unwrap_or(self.whole.len()))
    }

    /// What follows a place.
    pub(super) fn behind(&self, mark: Mark) -> Option<&'a str> {
        self.whole.get(self.offset(mark)?..)
    }

    /// What stands at a node's place.
    pub(super) fn at(&self, node: &Node) -> Option<&'a str> {
        self.behind(node.mark)
    }
}
