//! One line of an access log: how a connection ended, as one process on its way saw it.

use std::path::PathBuf;
use std::str::FromStr;

use eastwest_daemon::{ConnectionId, Direction};

use super::fields::{self, Damaged, Fields};

/// How a connection ended at one hop. The fields are those of the log.
#[derive(Debug, Clone)]
pub(super) struct AccessLine {
    /// Where it was read.
    pub(super) file: PathBuf,
    /// Counted from 1.
    pub(super) number: usize,
    /// When the connection ended, in the form of the log, which sorts.
    pub(super) time: Option<String>,
    pub(super) id: Option<ConnectionId>,
    pub(super) hop: Direction,
    pub(super) src_addr: Option<String>,
    pub(super) src_identity: Option<String>,
    pub(super) dst_addr: Option<String>,
    pub(super) dst_service: Option<String>,
    pub(super) dst_identity: Option<String>,
    /// From the accepted side to the dialled one.
    pub(super) bytes_recv: u64,
    /// Back.
    pub(super) bytes_sent: u64,
    pub(super) duration_ms: f64,
    pub(super) reason: String,
    pub(super) error: Option<String>,
}

/// Why a line says nothing that can be used, although it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotRead {
    #[error("a line of the access log that {0}")]
    Damaged(&'static str),
    #[error("a line of the access log without `{0}`")]
    Lacks(&'static str),
    #[error("a line of the access log whose `{0}` is {1:?}")]
    Odd(&'static str, String),
    #[error("a line of more than {} KiB, which is not read", super::LONGEST >> 10)]
    Long,
}

impl From<Damaged> for NotRead {
    fn from(Damaged(how): Damaged) -> Self {
        Self::Damaged(how)
    }
}

/// Reads a line; `None` for one that is about something else.
pub(super) fn read(bytes: &[u8]) -> Result<Option<AccessLine>, NotRead> {
    let line = String::from_utf8_lossy(bytes);
    let line = without_colours(line.trim_end());
    let Some(mut fields) = fields::of(&line)? else {
        return Ok(None);
    };
    if line.contains(char::REPLACEMENT_CHARACTER) {
        return Err(NotRead::Damaged("is not UTF-8"));
    }
    let direction: String = needed(&mut fields, "direction")?;
    let hop = Direction::ALL
        .into_iter()
        .find(|hop| hop.as_str() == direction)
        .ok_or(NotRead::Odd("direction", direction))?;
    let id = match fields.remove("connection.id") {
        Some(digits) => match u64::from_str_radix(&digits, 16) {
            Ok(id) => Some(ConnectionId(id)),
            Err(_) => return Err(NotRead::Odd("connection.id", digits)),
        },
        None => None,
    };
    Ok(Some(AccessLine {
        file: PathBuf::new(),
        number: 0,
        id,
        hop,
        bytes_recv: needed(&mut fields, "bytes_recv")?,
        bytes_sent: needed(&mut fields, "bytes_sent")?,
        duration_ms: needed(&mut fields, "duration_ms")?,
        reason: needed(&mut fields, "reason")?,
        time: fields.remove("time"),
        src_addr: fields.remove("src.addr"),
        src_identity: fields.remove("src.identity"),
        dst_addr: fields.remove("dst.addr"),
        dst_service: fields.remove("dst.service"),
        dst_identity: fields.remove("dst.identity"),
        error: fields.remove("error"),
    }))
}

fn needed<T: FromStr>(fields: &mut Fields, name: &'static str) -> Result<T, NotRead> {
    let text = fields.remove(name).ok_or(NotRead::Lacks(name))?;
    text.parse().map_err(|_| NotRead::Odd(name, text))
}

/// A log that was copied from a terminal has colours (ECMA-48, SGR).
fn without_colours(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, after)| after));
    }
    plain
}
