//! A long flag, seen as a setting that can also come from a variable or a file.

use std::ffi::OsString;

use clap::{ArgAction, Command};

/// One flag of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flag {
    /// clap's name for it.
    pub(super) id: String,
    /// Without the dashes; also its key in a file.
    pub(super) long: String,
    pub(super) takes: Takes,
}

/// What may follow a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Nothing: it is there or not; `true` or `false` elsewhere.
    Nothing,
    One,
    /// It can be repeated: a list in a file, commas in a variable.
    Many,
}

/// The flags of a command that can be set from elsewhere: the long ones, but for help and version.
pub(super) fn flags_of(command: &Command) -> Vec<Flag> {
    let flag = |arg: &clap::Arg| {
        let takes = match arg.get_action() {
            ArgAction::SetTrue => Takes::Nothing,
            ArgAction::Set => Takes::One,
            ArgAction::Append => Takes::Many,
            _ => return None,
        };
        Some(Flag {
            id: arg.get_id().to_string(),
            long: arg.get_long()?.to_owned(),
            takes,
        })
    };
    command.get_arguments().filter_map(flag).collect()
}

impl Flag {
    /// The environment variable that sets this flag: `--log-level` is `EASTWEST_LOG_LEVEL`.
    pub(super) fn variable(&self) -> String {
        variable(&self.long)
    }

    /// The flag as a person would type it for these values.
    pub(super) fn as_typed(&self, values: &[OsString]) -> Vec<OsString> {
        if self.takes == Takes::Nothing {
            let on = values.iter().any(|v| v == "true");
            return if on {
                vec![format!("--{}", self.long).into()]
            } else {
                Vec::new()
            };
        }
        let typed = |value: &OsString| {
            let mut word = OsString::from(format!("--{}=", self.long));
            word.push(value);
            word
        };
        values.iter().map(typed).collect()
    }

    /// Whether `arg`, as clap's messages print it (`--listen <ADDR>`), is this flag.
    pub(super) fn is_named_by(&self, arg: &str) -> bool {
        let name = arg.split([' ', '=', '[']).next().unwrap_or_default();
        name.strip_prefix("--") == Some(self.long.as_str())
    }
}

/// The variable of a long flag.
pub(super) fn variable(long: &str) -> String {
    format!(
        "{}{}",
        super::env::PREFIX,
        long.replace('-', "_").to_ascii_uppercase()
    )
}

/// What the words for yes and no mean for a flag that takes no value.
pub(super) fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}
