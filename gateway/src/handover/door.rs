//! The socket at which a gateway is met, for as long as its file leads there: where somebody has taken that
//! away, it is made anew.

use std::fs::symlink_metadata;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::place::{Found, Place};

/// How soon it is looked again whether a process that has taken the place is gone; doubled each time, as it is
/// bothered by that.
const SOON: Duration = Duration::from_secs(4);
const SELDOM: Duration = Duration::from_secs(64);

/// The socket, and what its file was when it was last known to lead there.
pub(crate) struct Door {
    place: Place,
    state: Mutex<State>,
}

struct State {
    listener: Arc<UnixListener>,
    file: Option<FileId>,
    /// Another file that is there instead and could not be replaced, and when to look again.
    stranger: Option<Stranger>,
    /// What was said last of it, so that it is said once.
    said: String,
}

struct Stranger {
    file: Option<FileId>,
    again: Instant,
    pause: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl Door {
    /// At the place, to which it leads now.
    pub(crate) fn new(place: Place, listener: UnixListener) -> Self {
        let file = file_at(&place);
        Self {
            place,
            state: Mutex::new(State {
                listener: Arc::new(listener),
                file,
                stranger: None,
                said: String::new(),
            }),
        }
    }

    /// The socket.
    pub(super) fn listener(&self) -> Arc<UnixListener> {
        Arc::clone(&self.lock().listener)
    }

    /// Whether nobody finds it, and something may be done about that now.
    pub(super) fn is_to_be_made(&self) -> bool {
        if self.place.path().is_none() {
            return false;
        }
        let there = file_at(&self.place);
        let state = self.lock();
        match &state.stranger {
            Some(stranger) if stranger.file == there => Instant::now() >= stranger.again,
            _ => there.is_none() || there != state.file,
        }
    }

    /// Makes it anew, unless somebody else is there; whether it was. To be called where waiting is allowed.
    pub(super) fn make(&self) -> bool {
        let place = &self.place;
        let why = match place.visit() {
            Ok(Found::Nobody(listener)) => {
                let mut state = self.lock();
                state.listener = Arc::new(listener);
                state.file = file_at(place);
                state.stranger = None;
                state.said.clear();
                tracing::warn!(
                    "the handover socket {place} was taken away, and is made anew: nobody would have found this \
                     gateway to succeed it"
                );
                return true;
            }
            Ok(Found::Somebody(_)) => format!("another process listens at {place}"),
            Err(error) => error.to_string(),
        };
        let there = file_at(place);
        let mut state = self.lock();
        let pause = match &state.stranger {
            Some(stranger) if stranger.file == there => SELDOM.min(stranger.pause * 2),
            _ => SOON,
        };
        state.stranger = Some(Stranger {
            file: there,
            again: Instant::now() + pause,
            pause,
        });
        if state.said != why {
            tracing::warn!(
                "the handover socket was taken away, so that nobody finds this gateway to succeed it, and it \
                 cannot be made anew yet: {why}"
            );
            state.said = why;
        }
        false
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn file_at(place: &Place) -> Option<FileId> {
    let there = symlink_metadata(place.path()?).ok()?;
    Some(FileId {
        device: there.dev(),
        inode: there.ino(),
    })
}

#[cfg(test)]
mod tests;
