//! A YAML map of scalars and lists of scalars, with the place of each key and value.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Location, Spanned, from_str_with_options, options};

/// Line and column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    line: u64,
    column: u64,
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        Self {
            line: location.line(),
            column: location.column(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// One line of the map.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_place: Place,
    pub(super) value: Value,
    pub(super) value_place: Place,
}

/// What can stand behind a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    Scalar(String),
    List(Vec<String>),
    Null,
    Map,
    NestedList,
}

impl Value {
    /// For messages.
    pub(super) fn kind(&self) -> String {
        match self {
            Self::Scalar(text) => format!("`{text}`"),
            Self::List(_) => "a list".to_owned(),
            Self::Null => "empty (leave the line out to keep the default)".to_owned(),
            Self::Map => "a map".to_owned(),
            Self::NestedList => "a list of things that are not single values".to_owned(),
        }
    }
}

/// What the YAML parser says, and where.
#[derive(Debug)]
pub(super) struct YamlError {
    pub(super) place: Option<Place>,
    pub(super) message: String,
}

/// The entries of the map that `text` is; an empty text is an empty map. A key given twice is two
/// entries: the caller has better words for it than the parser.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, YamlError> {
    let options = options! { duplicate_keys: DuplicateKeyPolicy::PassThrough };
    match from_str_with_options::<Option<Entries>>(text, options) {
        Ok(entries) => Ok(entries.map_or_else(Vec::new, |entries| entries.0)),
        Err(error) => Err(describe(&error)),
    }
}

fn describe(error: &serde_saphyr::Error) -> YamlError {
    let place = error.location().map(Place::from);
    let mut message = error.without_snippet().to_string();
    if let Some(Place { line, column }) = place {
        // The place is said in front of the message already.
        let said = format!(" at line {line}, column {column}");
        message.truncate(message.strip_suffix(&said).unwrap_or(&message).len());
    }
    YamlError { place, message }
}

struct Entries(Vec<Entry>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not `deserialize_map`: its error would not say what was expected.
        deserializer.deserialize_any(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of settings, as in `log-level: debug`")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Entries, M::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let value = map.next_value::<Spanned<Value>>()?;
            entries.push(Entry {
                key: key.value,
                key_place: key.referenced.into(),
                value: value.value,
                value_place: value.referenced.into(),
            });
        }
        Ok(Entries(entries))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or a list of values")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Self::Value::deserialize(deserializer)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Value, S::Error> {
        let mut items = Vec::new();
        let mut nested = false;
        while let Some(item) = seq.next_element::<Value>()? {
            match item {
                Value::Scalar(text) => items.push(text),
                _ => nested = true,
            }
        }
        Ok(if nested {
            Value::NestedList
        } else {
            Value::List(items)
        })
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Value, M::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Map)
    }
}
