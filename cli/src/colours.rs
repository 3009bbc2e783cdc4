//! Colours on a terminal, and nowhere else.

use std::ffi::OsString;
use std::io::{self, IsTerminal};

use eastwest_mesh::Severity;

/// Whether to use any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colours {
    On,
    Off,
}

impl Colours {
    /// For standard output.
    pub(crate) fn of_stdout() -> Self {
        Self::of(io::stdout().is_terminal(), |name| std::env::var_os(name))
    }

    /// On a terminal, unless NO_COLOR has a value (no-color.org) or the terminal is a dumb one.
    fn of(terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let refused = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = variable("TERM").is_some_and(|term| term == "dumb");
        match terminal && !refused && !dumb {
            true => Self::On,
            false => Self::Off,
        }
    }

    pub(crate) fn severity(self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Error => "1;31",
            Severity::Warning => "1;33",
            Severity::Note => "1;36",
        };
        self.paint(code, text)
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn fine(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(crate) fn broken(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub(crate) fn added(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(crate) fn removed(self, text: &str) -> String {
        self.paint("31", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::On => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Off => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_whose_owners_want_them() {
        let with = |name: &'static str, value: &'static str| {
            move |asked: &str| (asked == name).then(|| value.into())
        };
        assert_eq!(Colours::of(true, |_| None), Colours::On);
        assert_eq!(Colours::of(true, with("NO_COLOR", "")), Colours::On);
        assert_eq!(Colours::of(false, |_| None), Colours::Off);
        assert_eq!(Colours::of(true, with("NO_COLOR", "1")), Colours::Off);
        assert_eq!(Colours::of(true, with("TERM", "dumb")), Colours::Off);
    }

    #[test]
    fn a_colour_ends_where_its_text_ends() {
        assert_eq!(Colours::On.bold("x"), "\u{1b}[1mx\u{1b}[0m");
        assert_eq!(Colours::Off.bold("x"), "x");
    }
}
