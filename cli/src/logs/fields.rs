//! The fields of a line, in both forms that servers write.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The message.
const MESSAGE: &str = "connection ended";
/// By what a line in JSON that is cut off is known for one, whatever its spaces.
const SCOPE: &str = r#""scope""#;
/// Members in which others have our line: Docker's json-file and most collectors, journalctl -o json, and some that
/// call it what we call the message.
const WRAPPED: [&str; 3] = ["log", "MESSAGE", "message"];
/// What stands before the fields of a line in the text form: the target, and the message.
const TEXT: &str = " access: connection ended ";
/// What comes last there, and goes on to the end of the line without quotes.
const LAST: &str = "error";

/// Fields by name, as text.
pub(super) type Fields = BTreeMap<String, String>;

/// A line that is none that a server would write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged(pub(super) &'static str);

/// The fields of a line that says how a connection ended; `None` for any other.
pub(super) fn of(line: &str) -> Result<Option<Fields>, Damaged> {
    if !line.contains(MESSAGE) {
        return Ok(None);
    }
    // First: what is in JSON may have a line of the text form in it, escaped.
    let begin = line.find('{').map(|begin| &line[begin..]);
    if let Some(object) = begin.and_then(|text| serde_json::from_str(text).ok()) {
        return json(object);
    }
    if let Some((before, after)) = line.split_once(TEXT) {
        let mut fields = text(after)?;
        if let Some(time) = time(before) {
            fields.insert("time".to_owned(), time.to_owned());
        }
        return Ok(Some(fields));
    }
    match begin {
        Some(text) if text.contains(SCOPE) => Err(Damaged("is no whole JSON")),
        _ => Ok(None),
    }
}

/// What a server writes first; a collector may have put something before it.
fn time(before: &str) -> Option<&str> {
    let words = before.split_whitespace();
    let mut times = words.filter(|word| {
        let bytes = word.as_bytes();
        word.ends_with('Z') && bytes.get(10) == Some(&b'T') && bytes.get(4) == Some(&b'-')
    });
    times.next_back()
}

fn json(mut object: Map<String, Value>) -> Result<Option<Fields>, Damaged> {
    let said = |name| object.get(name).and_then(Value::as_str);
    if said("scope") == Some("access") && said("message") == Some(MESSAGE) {
        let fields = object.into_iter().filter_map(|(name, value)| match value {
            Value::String(text) => Some((name, text)),
            Value::Number(number) => Some((name, number.to_string())),
            _ => None,
        });
        return Ok(Some(fields.collect()));
    }
    for name in WRAPPED {
        match object.remove(name) {
            Some(Value::String(line)) => return of(line.trim_end()),
            Some(Value::Object(inner)) => return json(inner),
            _ => {}
        }
    }
    Ok(None)
}

/// `name=value`, where what may have a space in it is quoted as Rust does.
fn text(mut rest: &str) -> Result<Fields, Damaged> {
    let mut fields = Fields::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(fields);
        }
        let (name, after) = rest.split_once('=').ok_or(Damaged("ends within a field"))?;
        let value = if name == LAST && !after.starts_with('"') {
            rest = "";
            after.trim_end().to_owned()
        } else if let Some(quoted) = after.strip_prefix('"') {
            let (value, after) = unquote(quoted)?;
            rest = after;
            value
        } else {
            let (value, after) = after.split_once(' ').unwrap_or((after, ""));
            rest = after;
            value.to_owned()
        };
        fields.insert(name.to_owned(), value);
    }
}

/// A text in quotes, the first of which has been read, and what follows the last.
fn unquote(quoted: &str) -> Result<(String, &str), Damaged> {
    const UNFINISHED: Damaged = Damaged("ends within quotes");
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    loop {
        let (at, character) = characters.next().ok_or(UNFINISHED)?;
        match character {
            '"' => return Ok((value, quoted.get(at + 1..).unwrap_or_default())),
            '\\' => {
                let (_, escaped) = characters.next().ok_or(UNFINISHED)?;
                value.push(match escaped {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    '0' => '\0',
                    'u' => {
                        let code: String = characters
                            .by_ref()
                            .map(|(_, digit)| digit)
                            .skip(1)
                            .take_while(|digit| *digit != '}')
                            .collect();
                        let code = u32::from_str_radix(&code, 16).ok();
                        code.and_then(char::from_u32)
                            .ok_or(Damaged("has an escape that is none"))?
                    }
                    other => other,
                });
            }
            other => value.push(other),
        }
    }
}
