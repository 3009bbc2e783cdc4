//! Texts in YAML that stay texts.

use std::fmt::{self, Display};

/// Words that YAML 1.1 or 1.2 takes for something else than a text.
const WORDS: [&str; 12] = [
    "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "none",
];

/// A name, address or path as a scalar, in quotes where it needs them.
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0;
        let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
            && !WORDS.contains(&text.to_ascii_lowercase().as_str());
        match plain {
            true => f.write_str(text),
            // Rust escapes as JSON does but for the form of code points, of which names have none.
            false => write!(f, "{text:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_something_else_is_quoted() {
        for (text, written) in [
            ("db-0.db.pxc", "db-0.db.pxc"),
            ("no", "\"no\""),
            ("1e3", "\"1e3\""),
            ("10.0.0.1", "\"10.0.0.1\""),
            ("::1", "\"::1\""),
            ("", "\"\""),
        ] {
            assert_eq!(Text(text).to_string(), written);
        }
    }
}
