//! Why a statement was not carried out.

use std::io;
use std::time::Duration;

use thiserror::Error;

/// Why a statement was not carried out. `place` is the server as it was reached.
#[derive(Debug, Error)]
pub enum SqlError {
    /// The client program did not start.
    #[error("{place}: the client program did not start: {source}")]
    NotStarted {
        /// The server as it was reached.
        place: String,
        /// The system's words.
        source: io::Error,
    },
    /// The server refused the connection or the statement, or the client could not reach it.
    #[error("{place}: {said} (statement: {statement})")]
    Refused {
        /// The server as it was reached.
        place: String,
        /// The server's or the client's words, with the error's number.
        said: String,
        /// The beginning of what was asked.
        statement: String,
    },
    /// No answer in time; the client was ended, the server may still carry the statement out.
    #[error("{place}: no answer within {} s (statement: {statement})", waited.as_secs_f32())]
    TimedOut {
        /// The server as it was reached.
        place: String,
        /// How long it was waited for.
        waited: Duration,
        /// The beginning of what was asked.
        statement: String,
    },
    /// The answer has no row or column where one was expected.
    #[error("{place}: an empty answer (statement: {statement})")]
    Empty {
        /// The server as it was reached.
        place: String,
        /// The beginning of what was asked.
        statement: String,
    },
}

impl SqlError {
    /// The error's number, as in `ERROR 1045 (28000): Access denied`; 2000 to 2999 are the client's.
    pub fn code(&self) -> Option<u32> {
        let Self::Refused { said, .. } = self else {
            return None;
        };
        let (_, rest) = said.split_once("ERROR ")?;
        rest.split(|c: char| !c.is_ascii_digit())
            .next()?
            .parse()
            .ok()
    }
}

/// The beginning of a statement, on one line, for a message.
pub(super) fn excerpt(statement: &str) -> String {
    const LONGEST: usize = 160;
    let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(said: &str) -> SqlError {
        SqlError::Refused {
            place: "db:3306".into(),
            said: said.into(),
            statement: "SELECT 1".into(),
        }
    }

    #[test]
    fn the_number_is_read_with_and_without_a_line() {
        assert_eq!(
            refused("ERROR 1045 (28000): Access denied").code(),
            Some(1045)
        );
        assert_eq!(
            refused("ERROR 1064 (42000) at line 3: syntax").code(),
            Some(1064)
        );
        assert_eq!(refused("killed").code(), None);
    }

    #[test]
    fn a_message_has_the_place_the_words_and_the_statement() {
        let text = refused("ERROR 2003 (HY000): Can't connect").to_string();
        assert_eq!(
            text,
            "db:3306: ERROR 2003 (HY000): Can't connect (statement: SELECT 1)"
        );
    }

    #[test]
    fn a_long_statement_is_cut_at_a_character() {
        let cut = excerpt(&"é ".repeat(200));
        assert_eq!(cut.chars().count(), 163);
        assert!(cut.ends_with("..."));
    }
}
