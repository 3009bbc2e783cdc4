//! What the ends of a connection say to each other.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use crate::ground::PATIENCE;

/// Bytes that tell where they belong: long enough that no read or pipe is as long, and a prime, so that
/// nothing comes round at the same place.
fn pattern(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as u8
    };
    (0..4_194_301).map(|_| next()).collect()
}

/// More than all that can be under way.
const LEAST: usize = 24 << 20;

/// Writes one pattern again and again until it is enough, and much at least, and then ends; reads another to the end.
/// Gives how much was written and read.
pub(crate) fn exchange(
    stream: TcpStream,
    (sends, gets): (u64, u64),
    enough: &Arc<AtomicBool>,
) -> JoinHandle<(usize, usize)> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let enough = Arc::clone(enough);
    let (sends, gets) = (pattern(sends), pattern(gets));
    let writing = thread::spawn(move || {
        let mut sent = 0;
        while sent < LEAST || !enough.load(Ordering::Relaxed) {
            for piece in sends.chunks(100_003) {
                writer.write_all(piece).unwrap();
                sent += piece.len();
            }
        }
        writer.shutdown(Shutdown::Write).unwrap();
        sent
    });
    thread::spawn(move || {
        let (mut got, mut piece) = (0, vec![0; 1 << 18]);
        loop {
            let length = (&stream).read(&mut piece).unwrap();
            if length == 0 {
                return (writing.join().unwrap(), got);
            }
            let mut heard = &piece[..length];
            while !heard.is_empty() {
                let due = &gets[got % gets.len()..];
                let (now, later) = heard.split_at(heard.len().min(due.len()));
                assert!(now == &due[..now.len()], "other bytes at {got}");
                got += now.len();
                heard = later;
            }
        }
    })
}

/// A few words arrive.
pub(crate) fn says(from: &mut TcpStream, to: &mut TcpStream, words: &[u8]) {
    from.write_all(words).unwrap();
    to.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut heard = vec![0; words.len()];
    to.read_exact(&mut heard).unwrap();
    assert_eq!(heard, words);
}
