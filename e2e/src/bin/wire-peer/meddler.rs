//! What stands on a way and does not leave TLS alone.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use super::app::{record_of, say};

const ISTIO: &[u8] = b"istio";
const OTHER: &[u8] = b"other";
/// Longer than any alert: a record of a handshake.
const LONG: usize = 200;

/// How it meddles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meddling {
    /// The callers' protocol (ALPN) gets another name.
    Protocol,
    /// A bit of what is answered is lost, unless it is short.
    Answer,
}

/// Passes on what comes to `address`, to `onwards`, until killed.
pub(crate) fn meddle(address: &str, onwards: &str, meddling: Meddling) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    say(&format!("listening on {}", listener.local_addr()?));
    loop {
        let (caller, _) = listener.accept()?;
        let onwards = TcpStream::connect(onwards)?;
        let (answers, back) = (onwards.try_clone()?, caller.try_clone()?);
        thread::spawn(move || ask(caller, onwards, meddling));
        thread::spawn(move || {
            pass(answers, back, |bytes| {
                let spoils = meddling == Meddling::Answer && bytes.len() > LONG;
                if let (true, Some(last)) = (spoils, bytes.last_mut()) {
                    *last ^= 1;
                }
            })
        });
    }
}

/// The way there: the first record is the ClientHello, and is taken whole.
fn ask(mut caller: TcpStream, mut onwards: TcpStream, meddling: Meddling) -> io::Result<()> {
    let mut hello = record_of(&mut caller)?;
    if meddling == Meddling::Protocol {
        rename(&mut hello);
    }
    onwards.write_all(&hello)?;
    pass(caller, onwards, |_| {})
}

fn pass(mut from: TcpStream, mut to: TcpStream, meddle: impl Fn(&mut [u8])) -> io::Result<()> {
    let mut room = vec![0; 16 * 1024];
    loop {
        let n = from.read(&mut room)?;
        let bytes = room.split_at_mut(n).0;
        if bytes.is_empty() {
            return to.shutdown(Shutdown::Write);
        }
        meddle(bytes);
        to.write_all(bytes)?;
    }
}

fn rename(bytes: &mut [u8]) {
    let at = bytes.windows(ISTIO.len()).position(|some| some == ISTIO);
    let name = at.and_then(|at| bytes.get_mut(at..at + ISTIO.len()));
    if let Some(name) = name {
        name.copy_from_slice(OTHER);
    }
}
