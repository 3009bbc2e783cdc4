//! What a process of a test says on standard error.

use std::io::{BufRead, BufReader};
use std::process::ChildStderr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// The lines, as they come.
pub(crate) struct Log {
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Log {
    pub(crate) fn of(stderr: ChildStderr) -> Self {
        let stderr = BufReader::new(stderr);
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self {
            lines,
            seen: Vec::new(),
        }
    }

    /// The next line with `text` in it.
    pub(crate) fn next_with(&mut self, text: &str, within: Duration) -> String {
        let line = self.next_before_the_end(text, within);
        line.unwrap_or_else(|| panic!("no `{text}` in the log:\n{}", self.seen.join("\n")))
    }

    /// The same, or none where the process has ended before.
    pub(crate) fn next_before_the_end(&mut self, text: &str, within: Duration) -> Option<String> {
        let deadline = Instant::now() + within;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = match self.lines.recv_timeout(left) {
                Ok(line) => line,
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("no `{text}` in the log so far:\n{}", self.seen.join("\n"))
                }
            };
            self.seen.push(line.clone());
            if line.contains(text) {
                return Some(line);
            }
        }
    }

    /// All that was said so far, or at all by a process that has ended.
    #[allow(dead_code, reason = "not every test asks for it")]
    pub(crate) fn whole(&mut self, ended: bool) -> &[String] {
        if ended {
            self.seen.extend(self.lines.iter());
        } else {
            self.seen.extend(self.lines.try_iter());
        }
        &self.seen
    }
}
