//! DNS questions: at a steady pace, or as many as get answers.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use eastwest_benches::stats::Latencies;

use super::Pace;
use super::wire::{is_answer, number, question};
use crate::meter::{Meter, Window};

/// Questions of the steady pace follow each other at this distance.
const APART: Duration = Duration::from_micros(200);
/// So many wait for their answers at a time when there is no pace.
const WAITING: usize = 64;
/// A server that is alive has answered by then.
const LOST: Duration = Duration::from_secs(5);

/// A client with a socket of its own.
struct Client {
    socket: UdpSocket,
    questions: Vec<Vec<u8>>,
    next: u16,
    times: Vec<Option<Instant>>,
    latencies: Vec<u32>,
}

/// Asks one question; whether there was an answer to it.
pub(crate) fn is_answered(server: SocketAddr, name: &str) -> bool {
    let ask = || -> anyhow::Result<()> {
        let mut client = Client::new(server, &[name.to_owned()])?;
        client
            .socket
            .set_read_timeout(Some(Duration::from_millis(200)))?;
        client.ask()?;
        client.answer()
    };
    ask().is_ok()
}

/// Takes the figure at 5,000 questions a second.
///
/// # Errors
/// When a question is not answered.
pub(crate) fn paced(
    server: SocketAddr,
    names: &[String],
    meter: &Meter,
    pace: &Pace,
) -> anyhow::Result<(Window, Latencies)> {
    let mut client = Client::new(server, names)?;
    let mut due = Instant::now();
    client.figure(meter, pace, |client| {
        due += APART;
        let now = Instant::now();
        match due.checked_duration_since(now) {
            Some(early) => sleep(early),
            // Late by more than a few questions: no burst makes up for it.
            None if now - due > 10 * APART => due = now,
            None => {}
        }
        client.ask()?;
        client.answer()
    })
}

/// Takes the figure with always as many questions on their way.
///
/// # Errors
/// When a question is not answered.
pub(crate) fn saturated(
    server: SocketAddr,
    names: &[String],
    meter: &Meter,
    pace: &Pace,
) -> anyhow::Result<(Window, Latencies)> {
    let mut client = Client::new(server, names)?;
    for _ in 0..WAITING {
        client.ask()?;
    }
    client.figure(meter, pace, |client| {
        client.answer()?;
        let mut came = 1;
        client.socket.set_nonblocking(true)?;
        while came < WAITING && client.answer_if_there()? {
            came += 1;
        }
        client.socket.set_nonblocking(false)?;
        for _ in 0..came {
            client.ask()?;
        }
        Ok(())
    })
}

impl Client {
    fn new(server: SocketAddr, names: &[String]) -> anyhow::Result<Self> {
        ensure!(!names.is_empty(), "no names to ask for");
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(LOST))?;
        Ok(Self {
            socket,
            questions: names.iter().map(|name| question(name)).collect(),
            next: 0,
            times: vec![None; usize::from(u16::MAX) + 1],
            latencies: Vec::new(),
        })
    }

    /// Warms up, and repeats `turn` for as long as the figure takes.
    fn figure(
        &mut self,
        meter: &Meter,
        pace: &Pace,
        mut turn: impl FnMut(&mut Self) -> anyhow::Result<()>,
    ) -> anyhow::Result<(Window, Latencies)> {
        let warm = Instant::now();
        while warm.elapsed() < pace.warm_up {
            turn(self)?;
        }
        self.latencies.clear();
        let (before, begun) = (meter.read()?, Instant::now());
        while begun.elapsed() < pace.length {
            turn(self)?;
        }
        let count = self.latencies.len() as u64;
        let window = meter.since(&before, count).context("a program ended")?;
        let latencies = std::mem::take(&mut self.latencies);
        Ok((window, Latencies::of(latencies)))
    }

    fn ask(&mut self) -> anyhow::Result<()> {
        let number = self.next;
        self.next = number.wrapping_add(1);
        let turn = usize::from(number) % self.questions.len();
        if let Some(question) = self.questions.get_mut(turn) {
            question[..2].copy_from_slice(&number.to_be_bytes());
            self.times[usize::from(number)] = Some(Instant::now());
            self.socket.send(question).context("asking")?;
        }
        Ok(())
    }

    fn answer(&mut self) -> anyhow::Result<()> {
        let there = self.answer_if_there()?;
        ensure!(there, "a question has not been answered within {LOST:?}");
        Ok(())
    }

    fn answer_if_there(&mut self) -> anyhow::Result<bool> {
        let mut packet = [0; 512];
        let n = match self.socket.recv(&mut packet) {
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error).context("waiting for an answer"),
        };
        let answer = packet.get(..n).unwrap_or_default();
        ensure!(is_answer(answer), "an answer without an address");
        let number = number(answer).context("a short answer")?;
        let asked = self.times[usize::from(number)].take();
        let asked = asked.context("an answer to no question, or a second one")?;
        let time = u32::try_from(asked.elapsed().as_nanos()).unwrap_or(u32::MAX);
        self.latencies.push(time);
        Ok(true)
    }
}
