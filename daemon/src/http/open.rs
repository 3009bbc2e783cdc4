//! The connections that are open, and which of them gives way to a new one.
//!
//! That is the oldest of who has the most, so that clients that say nothing can't keep a probe out; but not
//! before it has been read, so that they can't push one out either. One client never has all of them:
//! whoever wants more than its share gives up its own oldest.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use tokio::task::{JoinHandle, yield_now};

/// Connections at a time.
pub(super) const MOST: usize = 64;
/// Of one address. Whoever asks for himself has one or two, and so has everybody behind a proxy for whom it
/// asks.
pub(super) const MOST_OF_ONE: usize = 16;
/// How often everybody else has a turn before one gives way. The first is to ask the kernel what has come
/// in, the second to read a request and to answer it; the rest is to spare.
const TURNS: usize = 4;

/// In the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Open(VecDeque<(IpAddr, JoinHandle<()>)>);

impl Open {
    pub(super) fn add(&mut self, from: IpAddr, connection: JoinHandle<()>) {
        self.0.push_back((from.to_canonical(), connection));
    }

    /// Has one give way to a new one from this address if there is no room. A crowd is accepted in one go,
    /// with whoever came before it: a probe among them that has asked is answered first.
    pub(super) async fn make_room(&mut self, from: IpAddr) {
        let from = from.to_canonical();
        for _ in 0..TURNS {
            if self.one_too_many(from).is_none() {
                return;
            }
            yield_now().await;
            self.0.retain(|(_, connection)| !connection.is_finished());
        }
        let one = self.one_too_many(from);
        if let Some((_, connection)) = one.and_then(|at| self.0.remove(at)) {
            connection.abort();
        }
    }

    /// Which has to give way to a new one from this address.
    fn one_too_many(&self, from: IpAddr) -> Option<usize> {
        let whose = if self.of(from) >= MOST_OF_ONE {
            from
        } else if self.0.len() >= MOST {
            self.greediest()?
        } else {
            return None;
        };
        self.0.iter().position(|(source, _)| *source == whose)
    }

    fn of(&self, address: IpAddr) -> usize {
        let sources = self.0.iter().map(|(source, _)| *source);
        sources.filter(|source| *source == address).count()
    }

    /// Who has the most; of several, who has the oldest.
    fn greediest(&self) -> Option<IpAddr> {
        let mut of = HashMap::<IpAddr, usize>::new();
        for (source, _) in &self.0 {
            *of.entry(*source).or_default() += 1;
        }
        let most = of.values().copied().max()?;
        let mut sources = self.0.iter().map(|(source, _)| *source);
        sources.find(|source| of.get(source) == Some(&most))
    }
}

#[cfg(test)]
mod tests;
