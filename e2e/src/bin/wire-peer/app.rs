//! The apps that are called. Each says on standard output who came and how it ended.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use eastwest_e2e::wire::{AFTER_END, PAYLOAD};
use socket2::SockRef;

use super::{ended, payload};

/// Serves until killed.
pub(crate) fn serve(
    address: &str,
    name: &str,
    app: fn(TcpStream, &str) -> io::Result<()>,
) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    say(&format!("listening on {}", listener.local_addr()?));
    loop {
        let (stream, peer) = listener.accept()?;
        say(&format!("connection from {peer}"));
        let name = name.to_owned();
        thread::spawn(move || {
            if let Err(error) = app(stream, &name) {
                say(&format!("failed: {error}"));
            }
        });
    }
}

/// Prints the first TLS record of each caller, and leaves.
pub(crate) fn record(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    say(&format!("listening on {}", listener.local_addr()?));
    loop {
        let (mut stream, _) = listener.accept()?;
        let record = record_of(&mut stream)?;
        let bytes: Vec<_> = record.iter().map(|byte| format!("{byte:02x}")).collect();
        say(&format!("record {}", bytes.join(" ")));
    }
}

/// The next TLS record, with its head.
pub(crate) fn record_of(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut record = vec![0; 5];
    stream.read_exact(&mut record)?;
    let length = record
        .iter()
        .skip(3)
        .fold(0, |sum, &b| sum << 8 | u64::from(b));
    stream.take(length).read_to_end(&mut record)?;
    Ok(record)
}

/// Prints a line at once, for whoever waits for it.
pub(crate) fn say(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// HTTP/1.1: a GET is answered with the name, a POST with its own body.
pub(crate) fn http(mut stream: TcpStream, name: &str) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            let line = line.to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        if request.starts_with("GET ") {
            body = format!("hello from {name}").into_bytes();
        }
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )?;
        stream.write_all(&body)?;
    }
}

/// As MySQL, where the caller's host has come in vain too often (ER_HOST_IS_BLOCKED).
pub(crate) fn blocked(mut stream: TcpStream, _: &str) -> io::Result<()> {
    const SAID: &[u8] =
        b"\xff\x69\x04Host '10.71.0.10' is blocked because of many connection errors; \
        unblock with 'mysqladmin flush-hosts'";
    let length = u8::try_from(SAID.len()).map_err(io::Error::other)?;
    stream.write_all(&[length, 0, 0, 0])?;
    stream.write_all(SAID)?;
    stream.shutdown(Shutdown::Write)?;
    io::copy(&mut stream, &mut io::sink()).map(drop)
}

/// Answers over HTTP byte by byte, each in a packet of its own.
pub(crate) fn pieces(mut stream: TcpStream, _: &str) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 && !line.trim().is_empty() {
        line.clear();
    }
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" {
        stream.write_all(&[*byte])?;
        thread::sleep(Duration::from_millis(10));
    }
    stream.shutdown(Shutdown::Write)
}

/// Ends without a word.
pub(crate) fn gone(stream: TcpStream, _: &str) -> io::Result<()> {
    stream.shutdown(Shutdown::Both)
}

/// Greets, is told what to do, and does it.
pub(crate) fn tcp(mut stream: TcpStream, name: &str) -> io::Result<()> {
    writeln!(stream, "hello from {name}")?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut mode = String::new();
    reader.read_line(&mut mode)?;
    match mode.trim() {
        "echo" => {
            io::copy(&mut reader, &mut stream)?;
            stream.shutdown(Shutdown::Write)
        }
        "caller-ends-first" => {
            let mut bytes = vec![0; PAYLOAD];
            reader.read_exact(&mut bytes)?;
            writeln!(stream, "all of it is here")?;
            let rest = io::copy(&mut reader, &mut io::sink())?;
            if rest == 0 {
                stream.write_all(bytes.split_at(AFTER_END).0)?;
            }
            stream.shutdown(Shutdown::Write)
        }
        "app-ends-first" => {
            stream.shutdown(Shutdown::Write)?;
            let mut bytes = Vec::new();
            let outcome = reader.read_to_end(&mut bytes);
            let same = bytes == payload().split_at(AFTER_END).0;
            say(&format!("app-ends-first: {} {same}", ended(&outcome)));
            Ok(())
        }
        "app-resets" => {
            stream.write_all(b"the beginning of an answer")?;
            // A reset throws away what the kernel has not sent.
            reader.read_line(&mut String::new())?;
            SockRef::from(&stream).set_linger(Some(Duration::ZERO))
        }
        "caller-resets" => {
            writeln!(stream, "go on")?;
            let outcome = reader.read_to_end(&mut Vec::new());
            say(&format!("caller-resets: {}", ended(&outcome)));
            Ok(())
        }
        // Nothing at all: somebody connected and left.
        other => {
            say(&format!("left without a word: {other:?}"));
            Ok(())
        }
    }
}
