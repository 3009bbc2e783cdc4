//! Reading a mapping key by key, so that a key that nobody asked for can be reported.

use std::num::NonZeroU16;

use crate::code::Code;
use crate::finding::Located;
use crate::report::Report;
use crate::suggest;
use crate::yaml::{Entry, Mark, Node, Value};

mod field;

pub(crate) use field::Field;

/// A mapping being read. Absent and `null` are the same, as in the Kubernetes API.
pub(crate) struct Fields<'a> {
    path: String,
    mark: Mark,
    entries: &'a [Entry],
    known: Vec<&'static str>,
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
                report.error(
                    Code::WrongValue,
                    node.mark,
                    format!("{path} must be a mapping, not {found}"),
                );
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

    /// A mapping that is not there at all; `mark` is where it should be.
    pub(crate) fn absent(path: &str, mark: Mark, report: &'a Report) -> Self {
        Self {
            path: path.to_owned(),
            mark,
            entries: &[],
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
        Some(Field::new(path, entry.mark, &entry.node, self.report))
    }

    /// Whether `key` is there without a value.
    pub(crate) fn is_null(&self, key: &str) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|entry| entry.key == key && entry.node.is_null())
    }

    pub(crate) fn text(&mut self, key: &'static str) -> Option<Located<&'a str>> {
        self.get(key)?.text()
    }

    pub(crate) fn port(&mut self, key: &'static str) -> Option<Located<NonZeroU16>> {
        self.get(key)?.port()
    }

    pub(crate) fn mapping(&mut self, key: &'static str) -> Option<Self> {
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
                self.report.error(
                    Code::NotSupported,
                    field.key,
                    format!("{path} is not supported: {why}"),
                );
            }
        }
    }

    /// Keys that Istio heeds and that do nothing here, which a person may want to know.
    pub(crate) fn without_effect(&mut self, keys: &'static [&'static str], why: &str) {
        for &key in keys {
            if let Some(field) = self.get(key) {
                let path = &field.path;
                self.report.warning(
                    Code::NoEffect,
                    field.key,
                    format!("{path} has no effect here: {why}"),
                );
            }
        }
    }

    /// Reports every key without a value, where "absent" would mean "everyone": a body that was
    /// commented out must not widen what its key was there to narrow.
    pub(crate) fn refuse_nulls(&self) {
        for entry in self.entries {
            if entry.node.is_null() {
                let message = format!("{} has no value", self.child(&entry.key));
                let fix = "write its value, or take the key out if everyone is meant";
                self.report
                    .error_with_fix(Code::NoValue, entry.mark, message, fix);
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
            let fix = suggest::nearest(&entry.key, &self.known)
                .map_or_else(|| "take it out".to_owned(), |near| format!("write {near}"));
            self.report.unknown_key(entry.mark, message, fix);
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
