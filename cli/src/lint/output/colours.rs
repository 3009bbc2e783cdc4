//! Colours on a terminal, and nowhere else.

use eastwest_mesh::Severity;

/// Whether to use any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lint) enum Colours {
    On,
    Off,
}

impl Colours {
    /// On a terminal, unless NO_COLOR has a value (no-color.org) or the terminal is a dumb one.
    pub(in crate::lint) fn of(terminal: bool) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match terminal && !refused && !dumb {
            true => Self::On,
            false => Self::Off,
        }
    }

    pub(super) fn severity(self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Error => "1;31",
            Severity::Warning => "1;33",
            Severity::Note => "1;36",
        };
        self.paint(code, text)
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(super) fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(super) fn added(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(super) fn removed(self, text: &str) -> String {
        self.paint("31", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::On => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Off => text.to_owned(),
        }
    }
}
