//! Reading a mapping key by key, so that a key that nobody asked for can be reported.

use std::num::NonZeroU16;

use crate::finding::Located;
use crate::report::Report;
use crate::suggest;
use crate::yaml::{Entry, Mark, Node, Value};

/// A mapping being read. Absent and `null` are the same, as in the Kubernetes API.
pub(crate) struct Fields<'a> {
    path: String,
    mark: Mark,
    entries: &'a [Entry],
    known: Vec<&'static str>,
    report: &'a Report,
}

/// A value under a key, with its path for messages.
#[derive(Clone)]
pub(crate) struct Field<'a> {
    pub(crate) path: String,
    /// Where the key stands; for an item of a list, where the item stands.
    pub(crate) key: Mark,
    pub(crate) node: &'a Node,
    report: &'a Report,
}

impl<'a> Fields<'a> {
    /// Reads `node` as a mapping; anything else is an error and reads as an empty one.
    pub(crate) fn of(node: &'a Node, path: &str, report: &'a Report) -> Self {
        let entries = match &node.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Null => &[],
            _ => {
                let found = node.describe();
                report.error(node.mark, format!("{path} must be a mapping, not {found}"));
                &[]
            }
        };
        Self {
            path: path.to_owned(),
            mark: node.mark,
            entries,
            known: Vec::new(),
            report,
        }
    }

    pub(crate) const fn mark(&self) -> Mark {
        self.mark
    }

    /// The value of `key`, unless it is absent or null.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<Field<'a>> {
        self.known.push(key);
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        if entry.node.value == Value::Null {
            return None;
        }
        let path = self.child(key);
        Some(Field {
            path,
            key: entry.mark,
            node: &entry.node,
            report: self.report,
        })
    }

    pub(crate) fn text(&mut self, key: &'static str) -> Option<Located<&'a str>> {
        self.get(key)?.text()
    }

    pub(crate) fn port(&mut self, key: &'static str) -> Option<Located<NonZeroU16>> {
        self.get(key)?.port()
    }

    pub(crate) fn mapping(&mut self, key: &'static str) -> Option<Fields<'a>> {
        let field = self.get(key)?;
        Some(field.fields())
    }

    pub(crate) fn list(&mut self, key: &'static str) -> Vec<Field<'a>> {
        self.get(key).map(|field| field.items()).unwrap_or_default()
    }

    /// A mapping from any key to a text, such as labels.
    pub(crate) fn text_map(&mut self, key: &'static str) -> Vec<(&'a str, Located<&'a str>)> {
        let values = self
            .get(key)
            .map(|field| field.values())
            .unwrap_or_default();
        values
            .iter()
            .filter_map(|(key, field)| Some((*key, field.text()?)))
            .collect()
    }

    /// Keys that change nothing here.
    pub(crate) fn harmless(&mut self, keys: &'static [&'static str]) {
        self.known.extend_from_slice(keys);
    }

    /// Keys that would change the traffic in Istio and are not supported: an error where used.
    pub(crate) fn refuse(&mut self, keys: &'static [&'static str], why: &str) {
        for &key in keys {
            if let Some(field) = self.get(key) {
                let path = &field.path;
                self.report
                    .error(field.key, format!("{path} is not supported: {why}"));
            }
        }
    }

    /// Keys that Istio heeds and that do nothing here, which a person may want to know.
    pub(crate) fn without_effect(&mut self, keys: &'static [&'static str], why: &str) {
        for &key in keys {
            if let Some(field) = self.get(key) {
                let path = &field.path;
                self.report
                    .warning(field.key, format!("{path} has no effect here: {why}"));
            }
        }
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn finish(self) {
        for entry in self.entries {
            if self.known.contains(&entry.key.as_str()) {
                continue;
            }
            let path = self.child(&entry.key);
            let message = format!("{path} is no field that this version knows");
            match suggest::nearest(&entry.key, &self.known) {
                Some(near) => {
                    self.report
                        .error_with_fix(entry.mark, message, format!("write {near}"));
                }
                None => self
                    .report
                    .error_with_fix(entry.mark, message, "take it out"),
            }
        }
    }

    fn child(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }
}

impl<'a> Field<'a> {
    pub(crate) fn fields(&self) -> Fields<'a> {
        Fields::of(self.node, &self.path, self.report)
    }

    pub(crate) fn text(&self) -> Option<Located<&'a str>> {
        match &self.node.value {
            Value::Text(text) => Some(self.report.locate(self.node.mark, text.as_str())),
            Value::List(_) | Value::Map(_) => self.wrong("a text"),
            _ => self.wrong("a text; put it in quotes"),
        }
    }

    pub(crate) fn port(&self) -> Option<Located<NonZeroU16>> {
        match &self.node.value {
            &Value::Integer(number) => {
                let port = u16::try_from(number).ok().and_then(NonZeroU16::new);
                match port {
                    Some(port) => Some(self.report.locate(self.node.mark, port)),
                    None => self.wrong("a port from 1 to 65535"),
                }
            }
            _ => self.wrong("a port from 1 to 65535, without quotes"),
        }
    }

    pub(crate) fn items(&self) -> Vec<Field<'a>> {
        let Value::List(items) = &self.node.value else {
            return self.wrong("a list").unwrap_or_default();
        };
        let item = |(i, node): (usize, &'a Node)| {
            let path = format!("{}[{i}]", self.path);
            Field {
                path,
                key: node.mark,
                node,
                report: self.report,
            }
        };
        items.iter().enumerate().map(item).collect()
    }

    pub(crate) fn values(&self) -> Vec<(&'a str, Field<'a>)> {
        let Value::Map(entries) = &self.node.value else {
            return self.wrong("a mapping").unwrap_or_default();
        };
        let value = |entry: &'a Entry| {
            let path = format!("{}.{}", self.path, entry.key);
            let field = Field {
                path,
                key: entry.mark,
                node: &entry.node,
                report: self.report,
            };
            (entry.key.as_str(), field)
        };
        entries.iter().map(value).collect()
    }

    /// Reports that the value is not what it must be.
    pub(crate) fn wrong<T>(&self, expected: &str) -> Option<T> {
        let (path, found) = (&self.path, self.node.describe());
        self.report.error(
            self.node.mark,
            format!("{path} must be {expected}, not {found}"),
        );
        None
    }
}
