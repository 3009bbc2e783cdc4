//! Objects as YAML, keys in the order of their names as `kubectl get -o yaml` has them.

use std::fmt::Write;

use serde_json::Value;

use crate::convert::yaml::Text;

/// The object, with the newline of its last line.
pub(super) fn write(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => entries(&mut out, map, 0, false),
        other => {
            let _ = writeln!(out, "{}", scalar(other));
        }
    }
    out
}

/// The entries of a map; the first goes on in a line that is begun where it follows a list's dash.
fn entries(out: &mut String, map: &serde_json::Map<String, Value>, indent: usize, begun: bool) {
    for (index, (key, value)) in map.iter().enumerate() {
        let margin = if begun && index == 0 { 0 } else { indent };
        let _ = write!(out, "{:margin$}{}:", "", text(key));
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                out.push('\n');
                entries(out, inner, indent + 2, false);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                list(out, items, indent);
            }
            Value::String(lines) if is_block(lines) => block(out, lines, indent + 2),
            other => {
                let _ = writeln!(out, " {}", scalar(other));
            }
        }
    }
}

fn list(out: &mut String, items: &[Value], indent: usize) {
    for item in items {
        let _ = write!(out, "{:indent$}- ", "");
        match item {
            Value::Object(map) if !map.is_empty() => entries(out, map, indent + 2, true),
            other => {
                let _ = writeln!(out, "{}", scalar(other));
            }
        }
    }
}

/// Whether a text is lines, with nothing that YAML would have escaped.
fn is_block(text: &str) -> bool {
    let printable = |c: char| c == '\n' || c == '\t' || !is_escaped(c);
    text.contains('\n') && text.chars().all(printable)
}

/// What no reader may meet as it is: YAML 1.1, which kubectl reads, ends a line at U+0085, U+2028 and
/// U+2029 (5.4), 1.2 does not; and what neither takes for printable (5.1).
fn is_escaped(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

fn block(out: &mut String, text: &str, indent: usize) {
    // Without the number the first line's own margin would be taken for the block's.
    let margin = if text.starts_with([' ', '\n', '\t']) {
        "2"
    } else {
        ""
    };
    let end = match (text.ends_with('\n'), text.ends_with("\n\n") || text == "\n") {
        (false, _) => "-",
        (true, false) => "",
        (true, true) => "+",
    };
    let _ = writeln!(out, " |{margin}{end}");
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        match line.is_empty() {
            true => out.push('\n'),
            false => {
                let _ = writeln!(out, "{:indent$}{line}", "");
            }
        }
    }
}

/// A value in one line; empty lists and maps are so in JSON, too.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(word) => text(word),
        other => other.to_string(),
    }
}

fn text(word: &str) -> String {
    if word.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        return Text(word).to_string();
    }
    let mut out = String::new();
    // JSON's escapes are YAML's as well; it has none for what is above ASCII.
    for c in Value::from(word).to_string().chars() {
        match is_escaped(c) {
            true => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            false => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        /// Whatever a file holds, it comes back, and each line of it is a line for every reader.
        #[test]
        fn a_text_comes_back_and_leaves_its_place_nowhere(
            text in "([a-z:#|\"'\\\\ \t\n\r-]|[\u{80}-\u{a0}\u{2027}-\u{202a}\u{fefe}-\u{ffff}]|.){0,24}",
        ) {
            let written = write(&json!({"k": {(text.clone()): text.clone(), "l": [text.clone()]}}));
            let back: Value = serde_saphyr::from_str(&written).unwrap();
            prop_assert_eq!(&back, &json!({"k": {(text.clone()): text.clone(), "l": [text]}}), "{}", written);
            let margin = |line: &str| line.is_empty() || line.starts_with("  ");
            let mut lines = written.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
            prop_assert_eq!(lines.next(), Some("k:"));
            prop_assert!(lines.all(margin), "{}", written);
        }
    }

    #[test]
    fn lists_are_at_their_keys_margin_and_maps_in_them_begin_at_the_dash() {
        let value = json!({"a": [{"b": 1, "c": ["x", "-f"]}, 2], "d": {}, "e": {"f": true}});
        let written = "a:\n- b: 1\n  c:\n  - x\n  - \"-f\"\n- 2\nd: {}\ne:\n  f: true\n";
        assert_eq!(write(&value), written);
    }

    #[test]
    fn lines_are_a_block_that_keeps_its_end_and_its_margin() {
        for (text, written) in [
            ("a: 1\n", "k: |\n  a: 1\n"),
            ("a\n\nb", "k: |-\n  a\n\n  b\n"),
            ("a\n\n", "k: |+\n  a\n\n"),
            ("  a\n", "k: |2\n    a\n"),
            ("a\r\n", "k: \"a\\r\\n\"\n"),
            ("a\u{2028}b: é\n", "k: \"a\\u2028b: é\\n\"\n"),
            ("a\u{2029}b\n", "k: \"a\\u2029b\\n\"\n"),
            ("a\u{85}b\n", "k: \"a\\u0085b\\n\"\n"),
            ("a\u{2028}\u{7f}\u{feff}", "k: \"a\\u2028\\u007f\\ufeff\"\n"),
        ] {
            assert_eq!(write(&json!({ "k": text })), written, "{text:?}");
        }
    }
}
