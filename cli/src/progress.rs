//! What a person sees of a command that takes its time: a line on standard error, on a terminal alone.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Whatever is done sooner needs no line.
const AFTER: Duration = Duration::from_secs(1);
/// Time between two pictures.
const TURN: Duration = Duration::from_millis(120);
const WHEEL: [char; 4] = ['|', '/', '-', '\\'];
/// A longer line would be two of many terminals', of which only one is taken away again.
const WIDTH: usize = 79;
/// To the front, and all of the line away (ECMA-48, EL).
const CLEARED: &str = "\r\u{1b}[K";

/// Says what is done, until it is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    shown: Option<(Sender<String>, JoinHandle<()>)>,
}

impl Progress {
    /// About `what`, where somebody sees it.
    pub(crate) fn of(what: impl Into<String>) -> Self {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        if dumb || !io::stderr().is_terminal() {
            return Self { shown: None };
        }
        let (sender, receiver) = channel();
        let what = what.into();
        let drawing = thread::spawn(move || draw(what, &receiver, io::stderr()));
        Self {
            shown: Some((sender, drawing)),
        }
    }

    /// About something else from now on.
    pub(crate) fn now(&self, what: impl Into<String>) {
        if let Some((sender, _)) = &self.shown {
            let _ = sender.send(what.into());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((sender, drawing)) = self.shown.take() {
            drop(sender);
            let _ = drawing.join();
        }
    }
}

/// Draws until there is nobody any more who could send. Whoever does not read is not waited for.
fn draw(mut what: String, receiver: &Receiver<String>, mut out: impl Write) {
    let begun = Instant::now();
    let mut wheel = WHEEL.iter().cycle();
    let mut drawn = false;
    loop {
        let pause = match drawn {
            true => TURN,
            false => AFTER.saturating_sub(begun.elapsed()),
        };
        match receiver.recv_timeout(pause) {
            Ok(now) => what = now,
            Err(RecvTimeoutError::Timeout) => {
                drawn = true;
                let turn = wheel.next().unwrap_or(&'-');
                let _ = write!(out, "{CLEARED}{}", line(*turn, &what, begun.elapsed()));
                let _ = out.flush();
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    if drawn {
        let _ = write!(out, "{CLEARED}");
        let _ = out.flush();
    }
}

fn line(turn: char, what: &str, since: Duration) -> String {
    let end = format!(" {} s", since.as_secs());
    let room = WIDTH - 2 - end.len();
    let mut line = format!("{turn} ");
    match what.chars().count() > room {
        true => line.extend(what.chars().take(room - 3).chain("...".chars())),
        false => line.push_str(what),
    }
    let _ = write!(line, "{end}");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_on_any_terminal_and_says_how_long_it_has_been() {
        let short = line('|', "asking 3 aliases", Duration::from_millis(1900));
        assert_eq!(short, "| asking 3 aliases 1 s");
        let long = line('-', &"alias ".repeat(40), Duration::from_secs(100));
        assert_eq!(long.chars().count(), WIDTH);
        assert!(long.ends_with("... 100 s"), "{long}");
    }

    #[test]
    fn what_is_done_soon_leaves_no_trace_and_what_takes_long_is_taken_away() {
        let (sender, receiver) = channel();
        drop(sender);
        let mut out = Vec::new();
        draw("soon".to_owned(), &receiver, &mut out);
        assert!(out.is_empty());

        let (sender, receiver) = channel();
        let (shown, drawn) = channel();
        let drawing = thread::spawn(move || {
            let picture = String::new();
            let shown = Shown { picture, to: shown };
            draw("first".to_owned(), &receiver, shown);
        });
        sender.send("second".to_owned()).unwrap();
        let first = drawn.recv().unwrap();
        assert!(
            first.starts_with(&format!("{CLEARED}| second ")),
            "{first:?}"
        );
        let second = drawn.recv().unwrap();
        assert!(
            second.starts_with(&format!("{CLEARED}/ second ")),
            "{second:?}"
        );
        drop(sender);
        drawing.join().unwrap();
        assert_eq!(drawn.iter().last().as_deref(), Some(CLEARED));
    }

    /// Sends on what is written from one flush to the next.
    struct Shown {
        picture: String,
        to: Sender<String>,
    }

    impl Write for Shown {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.picture.push_str(&String::from_utf8_lossy(bytes));
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            let picture = std::mem::take(&mut self.picture);
            self.to.send(picture).map_err(io::Error::other)
        }
    }
}
