//! The located tree.

/// How many characters of a text a message quotes.
const QUOTED: usize = 60;

/// A place in a file; both count from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) mark: Mark,
    pub(crate) value: Value,
}

/// What YAML's core schema makes of a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value. Keys of a mapping are unique; the parser sees to that.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) mark: Mark,
    pub(crate) node: Node,
}

impl Node {
    /// The value under `key`, if this is a mapping that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.node)
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The value under each key in turn.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// A port, if it is one.
    pub(crate) fn port(&self) -> Option<u16> {
        match self.value {
            Value::Integer(number) => u16::try_from(number).ok().filter(|&port| port > 0),
            _ => None,
        }
    }

    /// Whether the two hold the same, wherever they stand.
    pub(crate) fn same_content(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::List(ours), Value::List(theirs)) => {
                ours.len() == theirs.len()
                    && ours.iter().zip(theirs).all(|(a, b)| a.same_content(b))
            }
            (Value::Map(ours), Value::Map(theirs)) => {
                let same =
                    |(a, b): (&Entry, &Entry)| a.key == b.key && a.node.same_content(&b.node);
                ours.len() == theirs.len() && ours.iter().zip(theirs).all(same)
            }
            (ours, theirs) => ours == theirs,
        }
    }

    /// What it holds, as one text for the same content, wherever that stands.
    pub(crate) fn content(&self) -> String {
        match &self.value {
            Value::List(items) => {
                let items: Vec<_> = items.iter().map(Self::content).collect();
                format!("[{}]", items.join(","))
            }
            Value::Map(entries) => {
                let entry = |entry: &Entry| format!("{:?}:{}", entry.key, entry.node.content());
                let entries: Vec<_> = entries.iter().map(entry).collect();
                format!("{{{}}}", entries.join(","))
            }
            scalar => format!("{scalar:?}"),
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// For messages: "a list", "the number 3306".
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => format!("the boolean {value}"),
            Value::Integer(value) => format!("the number {value}"),
            Value::Float(value) => format!("the number {value}"),
            Value::Text(text) => format!("the text {}", quoted(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }
}

/// The text as a message quotes it: a whole file may be one.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{:?}...", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}
