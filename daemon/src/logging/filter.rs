//! What is logged: a level, and finer ones for single modules.

use std::fmt;
use std::str::FromStr;

use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::settings::nearest;

/// The levels by name, quietest first.
const LEVELS: [(&str, LevelFilter); 6] = [
    ("off", LevelFilter::OFF),
    ("error", LevelFilter::ERROR),
    ("warn", LevelFilter::WARN),
    ("info", LevelFilter::INFO),
    ("debug", LevelFilter::DEBUG),
    ("trace", LevelFilter::TRACE),
];

/// `info`, or `info,eastwest_transport=debug`.
///
/// Stricter than the usual filter syntax, in which a mistyped level is taken for a module's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter {
    level: LevelFilter,
    modules: Vec<(String, LevelFilter)>,
}

/// A word in a filter that is no level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogFilterError {
    /// Not one of the six levels.
    #[error("`{word}` is not a log level; {hint}")]
    UnknownLevel {
        /// As written.
        word: String,
        /// The nearest level, or all of them.
        hint: String,
    },
    /// `=debug`, with nothing in front.
    #[error("`{0}` names no module: write MODULE=LEVEL")]
    NoModule(String),
}

impl LogFilter {
    pub(super) fn targets(&self) -> Targets {
        self.modules.iter().fold(
            Targets::new().with_default(self.level),
            |targets, (module, level)| targets.with_target(module.clone(), *level),
        )
    }
}

fn level(word: &str) -> Result<LevelFilter, LogFilterError> {
    let lower = word.to_ascii_lowercase();
    let lower = if lower == "warning" { "warn" } else { &lower };
    if let Some((_, level)) = LEVELS.iter().find(|(name, _)| *name == lower) {
        return Ok(*level);
    }
    let hint = nearest(lower, LEVELS.iter().map(|(name, _)| *name)).map_or_else(
        || "use off, error, warn, info, debug or trace".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Err(LogFilterError::UnknownLevel {
        word: word.to_owned(),
        hint,
    })
}

fn name(level: LevelFilter) -> &'static str {
    LEVELS
        .iter()
        .find(|(_, l)| *l == level)
        .map_or("off", |(name, _)| name)
}

impl FromStr for LogFilter {
    type Err = LogFilterError;

    fn from_str(text: &str) -> Result<Self, LogFilterError> {
        let mut filter = Self {
            level: LevelFilter::INFO,
            modules: Vec::new(),
        };
        for part in text.split(',').map(str::trim) {
            match part.split_once('=') {
                None => filter.level = level(part)?,
                Some(("", _)) => return Err(LogFilterError::NoModule(part.to_owned())),
                Some((module, word)) => filter.modules.push((module.to_owned(), level(word)?)),
            }
        }
        Ok(filter)
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name(self.level))?;
        for (module, level) in &self.modules {
            write!(f, ",{module}={}", name(*level))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_levels_and_modules() {
        for text in [
            "info",
            "off",
            "warn,eastwest_transport=trace",
            "error,access=info,a::b=debug",
        ] {
            assert_eq!(text.parse::<LogFilter>().unwrap().to_string(), text);
        }
        assert_eq!("WARNING".parse::<LogFilter>().unwrap().to_string(), "warn");
        assert_eq!(
            "access=debug".parse::<LogFilter>().unwrap().to_string(),
            "info,access=debug"
        );
    }

    #[test]
    fn a_mistyped_level_is_no_module_name() {
        let message = |text: &str| text.parse::<LogFilter>().unwrap_err().to_string();
        assert_eq!(
            message("inof"),
            "`inof` is not a log level; did you mean `info`?"
        );
        assert_eq!(
            message("info,x=debgu"),
            "`debgu` is not a log level; did you mean `debug`?"
        );
        assert!(message("7").ends_with("use off, error, warn, info, debug or trace"));
        assert!(message("").contains("not a log level"));
        assert_eq!(
            message("=debug"),
            "`=debug` names no module: write MODULE=LEVEL"
        );
    }
}
