//! A real browser, Debian's Chromium, on a host of the clusters.

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use eastwest::leftovers::Guarded;
use eastwest::stage::Host;
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;

mod tools;

/// Where Debian has it.
const CHROMIUM: &str = "/usr/bin/chromium";

/// Time for the browser to end by itself, so that nothing of it is left.
const END: Duration = Duration::from_secs(10);

/// Why a browser does not do as it is told.
#[derive(Debug, Error)]
pub enum BrowserError {
    /// There is none.
    #[error("{CHROMIUM} is not there: apt-get install chromium")]
    NoChromium,
    /// There is no place to keep what drives it.
    #[error("{0}")]
    Cache(String),
    /// What drives it cannot be fetched.
    #[error("{wanted} cannot be fetched (apt-get install nodejs npm): {said}")]
    Fetch {
        /// The packages.
        wanted: String,
        /// How that ended.
        said: String,
    },
    /// The file system refused something.
    #[error("{}: {source}", .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// Node.js, or the browser, does not start or has ended.
    #[error("the browser's driver (apt-get install nodejs chromium): {0}")]
    Driver(String),
    /// A call failed.
    #[error("{call} in the browser: {said}")]
    Call {
        /// What was asked.
        call: Value,
        /// What came of it.
        said: String,
    },
}

/// How a page is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// `prefers-color-scheme`.
    pub dark: bool,
    /// Of the window, in pixels.
    pub width: u32,
    /// Of the window, in pixels.
    pub height: u32,
}

/// What a page has done since it was opened.
#[derive(Debug, Clone, Deserialize)]
pub struct Seen {
    /// Method and path of each request.
    pub requests: Vec<String>,
    /// What it has written to the console, and errors that nobody caught.
    pub complaints: Vec<String>,
}

/// What axe-core says of a page.
#[derive(Debug, Clone, Deserialize)]
pub struct Judged {
    /// How many of its rules the page keeps.
    pub passed: usize,
    /// Those that it does not.
    pub violations: Vec<Violation>,
}

/// A rule that a page does not keep.
#[derive(Debug, Clone, Deserialize)]
pub struct Violation {
    /// How bad: `minor`, `moderate`, `serious` or `critical`.
    pub impact: Option<String>,
    /// Its name.
    pub rule: String,
    /// Where, and what is wrong there.
    pub nodes: Vec<String>,
}

/// A browser with one page, gone when this is dropped.
pub struct Browser {
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    driver: Guarded,
}

impl Browser {
    /// Starts one on `host`; what drives it is fetched the first time.
    ///
    /// # Errors
    /// When it cannot be fetched or started.
    pub fn start(host: &dyn Host) -> Result<Self, BrowserError> {
        if !Path::new(CHROMIUM).exists() {
            return Err(BrowserError::NoChromium);
        }
        let mut command = host.command("node".as_ref());
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/browser/driver.mjs"));
        command.arg(tools::fetched()?).arg(CHROMIUM);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let driver = |said: &str| BrowserError::Driver(said.to_owned());
        let mut child = Guarded::spawn(&mut command).map_err(|error| driver(&error.to_string()))?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let output = output.ok_or_else(|| driver("it has no output"))?;
        let mut browser = Self {
            input,
            output: BufReader::new(output),
            driver: child,
        };
        browser.answer_to(&Value::from("start"))?;
        Ok(browser)
    }

    /// Opens a page anew; nothing is left of the one before.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub fn open(&mut self, url: &str, look: Look) -> Result<(), BrowserError> {
        self.open_with(url, look, None)
    }

    /// The same, with this text in place of what the server says at `/status.json`.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub fn open_with(
        &mut self,
        url: &str,
        Look {
            dark,
            width,
            height,
        }: Look,
        status: Option<&str>,
    ) -> Result<(), BrowserError> {
        self.call(
            json!({"call": "open", "url": url, "dark": dark, "width": width,
            "height": height, "status": status}),
        )
        .map(drop)
    }

    /// Another text in its place, from the next time on; none is a server that is not there.
    ///
    /// # Errors
    /// When the browser has ended.
    pub fn answer(&mut self, status: Option<&str>) -> Result<(), BrowserError> {
        self.call(json!({"call": "answer", "status": status.unwrap_or("abort")}))
            .map(drop)
    }

    /// What an expression of JavaScript is in the page.
    ///
    /// # Errors
    /// When it throws.
    pub fn eval(&mut self, script: &str) -> Result<Value, BrowserError> {
        self.call(json!({"call": "eval", "script": script}))
    }

    /// Waits until an expression is true, a minute at most.
    ///
    /// # Errors
    /// When it does not become so.
    pub fn wait(&mut self, script: &str) -> Result<(), BrowserError> {
        self.call(json!({"call": "wait", "script": script}))
            .map(drop)
    }

    /// Presses a key, by its name in the DOM.
    ///
    /// # Errors
    /// When there is no such key.
    pub fn press(&mut self, key: &str) -> Result<(), BrowserError> {
        self.call(json!({"call": "press", "key": key})).map(drop)
    }

    /// Types into the field that a CSS selector finds.
    ///
    /// # Errors
    /// When there is none.
    pub fn fill(&mut self, field: &str, text: &str) -> Result<(), BrowserError> {
        self.call(json!({"call": "type", "into": field, "text": text}))
            .map(drop)
    }

    /// Sets `prefers-reduced-motion`.
    ///
    /// # Errors
    /// When the browser has ended.
    pub fn reduce_motion(&mut self) -> Result<(), BrowserError> {
        self.call(json!({"call": "motion", "reduced": true}))
            .map(drop)
    }

    /// Has axe-core look at the page as it is.
    ///
    /// # Errors
    /// When it cannot.
    pub fn judge(&mut self) -> Result<Judged, BrowserError> {
        self.ask(json!({"call": "axe"}))
    }

    /// Takes a picture of the window, as PNG.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn shoot(&mut self, path: &Path) -> Result<(), BrowserError> {
        self.call(json!({"call": "shot", "path": path})).map(drop)
    }

    /// What the page has done since it was opened.
    ///
    /// # Errors
    /// When the browser has ended.
    pub fn seen(&mut self) -> Result<Seen, BrowserError> {
        self.ask(json!({"call": "seen"}))
    }

    fn ask<T: for<'de> Deserialize<'de>>(&mut self, call: Value) -> Result<T, BrowserError> {
        let answer = self.call(call.clone())?;
        serde_json::from_value(answer).map_err(|error| BrowserError::Call {
            call,
            said: error.to_string(),
        })
    }

    fn call(&mut self, call: Value) -> Result<Value, BrowserError> {
        let Some(input) = &mut self.input else {
            return Err(BrowserError::Driver("it has ended".to_owned()));
        };
        writeln!(input, "{call}").map_err(|error| BrowserError::Driver(error.to_string()))?;
        self.answer_to(&call)
    }

    fn answer_to(&mut self, call: &Value) -> Result<Value, BrowserError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Reply {
            Ok(Value),
            Error(String),
        }
        let mut line = String::new();
        let read = self.output.read_line(&mut line);
        if !read.is_ok_and(|bytes| bytes > 0) {
            return Err(BrowserError::Driver(
                "it has ended; its errors are above".to_owned(),
            ));
        }
        match serde_json::from_str(&line) {
            Ok(Reply::Ok(value)) => Ok(value),
            Ok(Reply::Error(said)) => Err(BrowserError::Call {
                call: call.clone(),
                said,
            }),
            Err(error) => Err(BrowserError::Driver(format!("{error} in {line}"))),
        }
    }
}

impl Drop for Browser {
    /// The end of its input is what ends it in order.
    fn drop(&mut self) {
        drop(self.input.take());
        let begun = Instant::now();
        while begun.elapsed() < END && matches!(self.driver.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
