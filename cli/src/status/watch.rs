//! The same again each second, until somebody has seen enough.

use std::io::{self, Write};
use std::time::Duration;

use rustix::termios::tcgetwinsize;
use tokio::runtime::Builder;
use tokio::signal::ctrl_c;
use tokio::time::{MissedTickBehavior, interval};

const EVERY: Duration = Duration::from_secs(1);
/// Cursor home (ECMA-48, CUP), then erase to the end of the screen (ED): nothing flickers that stays.
const HOME: &str = "\x1b[H";
const ERASE_LINE: &str = "\x1b[K";
const ERASE_BELOW: &str = "\x1b[J";
const CLEAR: &str = "\x1b[2J";

/// Where what is drawn goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Over what was there.
    Same,
    /// Below it, after an empty line.
    Below,
    /// The next line, for programs.
    Next,
}

/// Prints what `draw` writes until Ctrl-C.
///
/// # Errors
/// When that has one, or nothing can be printed.
pub(super) fn each_second(
    place: Place,
    mut draw: impl FnMut(&mut Vec<u8>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut enough = std::pin::pin!(ctrl_c());
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut first = true;
        loop {
            tokio::select! {
                biased;
                caught = &mut enough => return Ok(caught?),
                _ = ticks.tick() => {}
            }
            let mut drawn = Vec::new();
            draw(&mut drawn)?;
            let mut out = io::stdout().lock();
            match place {
                Place::Same => {
                    let text = String::from_utf8_lossy(&drawn);
                    out.write_all(screen(&text, size(), first).as_bytes())?;
                }
                Place::Below if !first => {
                    writeln!(out)?;
                    out.write_all(&drawn)?;
                }
                Place::Below | Place::Next => out.write_all(&drawn)?,
            }
            out.flush()?;
            first = false;
        }
    })
}

/// Rows and columns of the terminal, as far as it says.
fn size() -> Option<(usize, usize)> {
    let size = tcgetwinsize(io::stdout()).ok()?;
    let (rows, columns) = (size.ws_row.into(), size.ws_col.into());
    (rows > 0 && columns > 0).then_some((rows, columns))
}

/// What to write so that `text` fills the screen; what has no room is left out, and counted.
fn screen(text: &str, size: Option<(usize, usize)>, first: bool) -> String {
    let mut written = match first {
        true => format!("{CLEAR}{HOME}"),
        false => HOME.to_owned(),
    };
    let lines: Vec<&str> = text.lines().collect();
    // The last row is the cursor's, so that nothing scrolls.
    let room = size.map_or(lines.len(), |(rows, _)| rows.saturating_sub(1));
    let shown = match lines.len() > room {
        true => room.saturating_sub(1),
        false => lines.len(),
    };
    let mut add = |line: &str| {
        match size {
            Some((_, columns)) => written.extend(line.chars().take(columns)),
            None => written.push_str(line),
        }
        written.push_str(ERASE_LINE);
        written.push_str("\r\n");
    };
    lines.iter().take(shown).for_each(|line| add(line));
    if shown < lines.len() {
        add(&format!("  and {} more lines", lines.len() - shown));
    }
    written.push_str(ERASE_BELOW);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_counted_and_nothing_scrolls() {
        let text = "one\ntwo\nthree\nfour\n";
        let drawn = screen(text, Some((4, 3)), false);
        assert_eq!(drawn, "\x1b[Hone\x1b[K\r\ntwo\x1b[K\r\n  a\x1b[K\r\n\x1b[J");
        let all = screen(text, Some((5, 80)), true);
        assert_eq!(all.matches("\r\n").count(), 4);
        assert!(
            all.starts_with("\x1b[2J\x1b[H") && all.contains("three"),
            "{all}"
        );
        assert!(screen(text, None, false).contains("four"));
    }
}
