use std::io::Write;

use tracing::subscriber::with_default;

use super::*;

/// Where a test's lines end up.
#[derive(Debug, Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What `log` writes under this filter and format.
pub(crate) fn lines(filter: &str, format: LogFormat, log: impl FnOnce(&LogControl)) -> String {
    let sink = Sink::default();
    let writer = LineWriter::start(sink.clone());
    let (control, subscriber) = build(&filter.parse().unwrap(), format, false, writer);
    with_default(subscriber, || log(&control));
    control.flush(Duration::from_secs(5));
    let bytes = sink.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn json_has_ztunnels_field_names_flat_and_typed() {
    let text = lines("info", LogFormat::Json, |_| {
        tracing::info!(
            target: "access",
            { src.addr = "10.0.0.7:40000", direction = "outbound", bytes_sent = 7_u64, ok = true },
            "connection \"complete\""
        );
    });
    let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(line["level"], "info");
    assert_eq!(line["scope"], "access");
    assert_eq!(line["message"], "connection \"complete\"");
    assert_eq!(line["src.addr"], "10.0.0.7:40000");
    assert_eq!(line["bytes_sent"], 7);
    assert_eq!(line["ok"], true);
    assert!(line["time"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_line_break_in_a_value_does_not_break_the_line() {
    for format in [LogFormat::Json, LogFormat::Text] {
        let text = lines("info", format, |_| {
            tracing::info!(sni = "a\nERROR forged", "hello");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[test]
fn text_is_without_colours_when_not_on_a_terminal() {
    let text = lines("info", LogFormat::Text, |_| {
        tracing::warn!(port = 15443, "in use")
    });
    assert!(text.contains("WARN"), "{text}");
    assert!(text.contains("in use port=15443"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn the_level_changes_while_the_process_runs() {
    let text = lines("info", LogFormat::Text, |control| {
        tracing::debug!("before");
        control.set("debug".parse().unwrap());
        tracing::debug!("between");
        control.set("off".parse().unwrap());
        tracing::error!("after");
        assert_eq!(control.current().to_string(), "off");
    });
    assert!(
        text.contains("between") && !text.contains("before") && !text.contains("after"),
        "{text}"
    );
}

#[test]
fn a_module_can_have_a_level_of_its_own() {
    let text = lines("warn,access=info", LogFormat::Text, |_| {
        tracing::info!(target: "access", "one");
        tracing::info!(target: "other", "two");
    });
    assert!(text.contains("one") && !text.contains("two"), "{text}");
}

/// A reader that never reads: the first write blocks until the test is over.
struct Stuck(std::sync::mpsc::Receiver<()>);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_log_that_nobody_reads_does_not_block_who_logs() {
    let (release, stuck) = std::sync::mpsc::channel();
    let mut writer = LineWriter::start(Stuck(stuck));
    for _ in 0..20_000 {
        writer.write_all(b"a line\n").unwrap();
    }
    drop(release);
}
