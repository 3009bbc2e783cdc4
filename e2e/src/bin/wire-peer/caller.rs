//! The app that calls.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use eastwest_e2e::wire::{AFTER_END, PAYLOAD, Talk};
use socket2::SockRef;

use super::{ended, payload};

/// A stream that is stuck fails the test instead of holding it for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// Talks to an app in one of the ways of `Mode`, and prints what came of it. `host` is the name that
/// stands for the address.
pub(crate) fn talk(address: &str, mode: &str, host: &str) -> io::Result<()> {
    let talk = match mode {
        "http" => http(address, host),
        _ => tcp(address, mode),
    };
    let talk = talk.unwrap_or_else(|error| Talk {
        ended: error.to_string(),
        ..Talk::default()
    });
    writeln!(io::stdout(), "{}", serde_json::to_string(&talk)?)
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn http(address: &str, host: &str) -> io::Result<Talk> {
    let mut stream = connect(address)?;
    write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let greeting = String::from_utf8_lossy(&answer(&mut reader)?).into_owned();
    let sent = payload();
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n",
        sent.len()
    )?;
    stream.write_all(&sent)?;
    let received = answer(&mut reader)?;
    stream.shutdown(Shutdown::Write)?;
    let outcome = reader.read_to_end(&mut Vec::new());
    Ok(Talk {
        greeting,
        received: received.len(),
        same: received == sent,
        ended: ended(&outcome),
    })
}

/// The body of an answer. The status is put before it where it is not 200.
fn answer(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut status = String::new();
    if reader.read_line(&mut status)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    if !status.contains(" 200 ") {
        body.splice(..0, status.bytes());
    }
    Ok(body)
}

fn tcp(address: &str, mode: &str) -> io::Result<Talk> {
    let stream = connect(address)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut talk = Talk::default();
    // The app speaks first: nothing is sent before.
    if reader.read_line(&mut talk.greeting)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let sent = payload();
    let mut received = Vec::new();
    let outcome = go_on(mode, &stream, &mut reader, &sent, &mut received);
    talk.received = received.len();
    talk.same = received.len() >= AFTER_END && sent.starts_with(&received);
    talk.ended = ended(&outcome);
    Ok(talk)
}

/// What comes after the greeting, up to the end.
fn go_on(
    mode: &str,
    mut stream: &TcpStream,
    reader: &mut impl BufRead,
    sent: &[u8],
    received: &mut Vec<u8>,
) -> io::Result<usize> {
    writeln!(stream, "{mode}")?;
    match mode {
        "echo" => {
            thread::scope(|scope| {
                let mut writer = stream;
                let written = scope.spawn(move || writer.write_all(sent));
                reader.by_ref().take(PAYLOAD as u64).read_to_end(received)?;
                written.join().unwrap_or(Ok(()))
            })?;
            // Only now, when nothing is under way.
            stream.shutdown(Shutdown::Write)?;
            reader.read_to_end(received)
        }
        "caller-ends-first" => {
            stream.write_all(sent)?;
            reader.read_line(&mut String::new())?;
            stream.shutdown(Shutdown::Write)?;
            reader.read_to_end(received)
        }
        "app-ends-first" => {
            let outcome = reader.read_to_end(received);
            stream.write_all(sent.split_at(AFTER_END).0)?;
            outcome
        }
        "app-resets" => {
            let mut some = [0; 26];
            reader.read_exact(&mut some)?;
            received.extend(some);
            writeln!(stream, "now")?;
            reader.read_to_end(received)
        }
        "caller-resets" => {
            reader.read_line(&mut String::new())?;
            SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
            Ok(0)
        }
        other => Err(io::Error::other(format!("what is {other}?"))),
    }
}
