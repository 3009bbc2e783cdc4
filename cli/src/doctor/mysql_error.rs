//! An error of MySQL's in place of a greeting or a login (ERR_Packet), and whose fault it is.

use std::fmt;

use super::fault::Fault;
use super::look::{Broken, Look};
use crate::one_line::in_one_line;

/// MySQL's own are 512 bytes at most (`MYSQL_ERRMSG_SIZE`).
const LONGEST: usize = 512;

/// What an error says of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Concern {
    /// The account is not there, or has a password.
    NoSuchAccount,
    /// The account is there, and this login of it is not to its liking; others may come in.
    ThisLogin,
    /// Nobody, or nobody like us, is let in.
    Server,
}

/// An error as it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MySqlError {
    code: u16,
    state: Option<String>,
    text: String,
}

impl MySqlError {
    /// Reads what follows the first byte: the SQLSTATE is marked, and not there before a login.
    pub(super) fn of(code: [u8; 2], rest: &[u8]) -> Self {
        let (state, text) = match rest {
            [b'#', state @ ..] => match state.split_at_checked(5) {
                Some((state, text)) => (Some(readable(state)), text),
                None => (None, rest),
            },
            text => (None, text),
        };
        Self {
            code: u16::from_le_bytes(code),
            state,
            text: readable(text),
        }
    }

    /// What it means that `user` gets it for a login.
    pub(super) fn of_login(&self, version: &str, user: &str) -> Result<Look, Broken> {
        let greets = format!(
            "MySQL {version} greets, and that is all that is known: it does not let {user} in, and counts that \
             ({self})"
        );
        match self.concern() {
            Concern::NoSuchAccount => Ok(Look::Skipped(format!(
                "{greets}; the account has to be there, without a password"
            ))),
            Concern::ThisLogin => Ok(Look::Skipped(greets)),
            Concern::Server => Err(Broken::new(
                Fault::AppRefuses,
                format!("MySQL {version} greets, and does not let {user} in: {self}"),
            )),
        }
    }

    /// By the numbers of MySQL's and MariaDB's error references.
    const fn concern(&self) -> Concern {
        match self.code {
            // ER_ACCESS_DENIED_ERROR, ER_ACCESS_DENIED_NO_PASSWORD_ERROR
            1045 | 1698 => Concern::NoSuchAccount,
            // ER_USER_LIMIT_REACHED, ER_NOT_SUPPORTED_AUTH_MODE, ER_PLUGIN_IS_NOT_LOADED,
            // ER_MUST_CHANGE_PASSWORD_LOGIN, ER_ACCOUNT_HAS_BEEN_LOCKED (MySQL's, MariaDB's);
            // ER_SECURE_TRANSPORT_REQUIRED: apps may speak TLS of their own within the tunnel.
            1226 | 1251 | 1524 | 1862 | 3118 | 4151 | 3159 => Concern::ThisLogin,
            _ => Concern::Server,
        }
    }
}

impl fmt::Display for MySqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, state, text } = self;
        match state {
            Some(state) => write!(f, "error {code} ({state}): {text}"),
            None => write!(f, "error {code}: {text}"),
        }
    }
}

fn readable(bytes: &[u8]) -> String {
    let bytes = bytes.get(..LONGEST).unwrap_or(bytes);
    in_one_line(&String::from_utf8_lossy(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(code: u16, rest: &[u8]) -> Result<Look, Broken> {
        MySqlError::of(code.to_le_bytes(), rest).of_login("8.4.2", "doctor")
    }

    #[test]
    fn an_error_is_said_whole_in_one_line_with_its_state_beside() {
        let text = "The MySQL server is running with an option\nso that it cannot execute what was asked of it";
        let said = MySqlError::of([0xd8, 0x0b], format!("#HY000{text}").as_bytes()).to_string();
        let line = text.replace('\n', "\\n");
        assert_eq!(said, format!("error 3032 (HY000): {line}"));
        let without = MySqlError::of([0x69, 0x04], b"blocked").to_string();
        assert_eq!(without, "error 1129: blocked");
        let endless = MySqlError::of([0, 0], &[b'a'; 4096]).to_string();
        assert!(endless.len() < LONGEST + 20, "{}", endless.len());
    }

    #[test]
    fn a_server_that_lets_nobody_in_is_told_from_an_account_that_is_not_let_in() {
        let offline = login(3032, b"#HY000The server is currently in offline mode").unwrap_err();
        assert_eq!(offline.fault, Fault::AppRefuses);
        assert!(
            offline.seen.ends_with("in offline mode"),
            "{}",
            offline.seen
        );
        let seen = |code| match login(code, b"#28000no") {
            Ok(Look::Skipped(seen)) => seen,
            other => unreachable!("{other:?}"),
        };
        assert!(seen(1045).ends_with(
            "(error 1045 (28000): no); the account has to be there, without a password"
        ));
        for code in [3118, 4151, 3159] {
            assert!(seen(code).ends_with(&format!("(error {code} (28000): no)")));
        }
    }
}
