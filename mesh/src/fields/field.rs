//! One value, and what it may be read as.

use std::num::NonZeroU16;
use std::time::Duration;

use super::Fields;
use crate::code::Code;
use crate::duration;
use crate::finding::Located;
use crate::report::Report;
use crate::yaml::{Entry, Mark, Node, Value};

/// A value under a key, with its path for messages.
#[derive(Clone)]
pub(crate) struct Field<'a> {
    pub(crate) path: String,
    /// Where the key stands; for an item of a list, where the item stands.
    pub(crate) key: Mark,
    pub(crate) node: &'a Node,
    report: &'a Report,
}

impl<'a> Field<'a> {
    pub(super) const fn new(path: String, key: Mark, node: &'a Node, report: &'a Report) -> Self {
        Self {
            path,
            key,
            node,
            report,
        }
    }

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

    pub(crate) fn whole_number(&self) -> Option<u32> {
        let number = match self.node.value {
            Value::Integer(number) => u32::try_from(number).ok(),
            _ => None,
        };
        number.or_else(|| self.wrong("a whole number of 0 or more"))
    }

    pub(crate) fn yes_or_no(&self) -> Option<bool> {
        match self.node.value {
            Value::Bool(value) => Some(value),
            _ => self.wrong("true or false"),
        }
    }

    pub(crate) fn duration(&self) -> Option<Duration> {
        let duration = self.node.text().and_then(duration::parse);
        duration.or_else(|| self.wrong("a duration of 1ms or more, such as 5s or 1m30s"))
    }

    pub(crate) fn items(&self) -> Vec<Self> {
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

    pub(crate) fn values(&self) -> Vec<(&'a str, Self)> {
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
            Code::WrongValue,
            self.node.mark,
            format!("{path} must be {expected}, not {found}"),
        );
        None
    }
}
