//! Where gateways meet, and who may come.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::PeerCredentials;
use rustix::fs::Mode;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use rustix::process::geteuid;

use super::PATIENCE;

/// How often it is looked whether another one is done at the place.
const LOOK: Duration = Duration::from_millis(10);

/// Gateways that wait for an answer, at most; the standard library's choice.
const WAITING: i32 = 128;

/// A Unix socket: a path, or after `@` a name of the network namespace (unix(7), "abstract").
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place(String);

/// Why gateways cannot meet there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    #[error("expected a path, or a name after @")]
    Empty,
    #[error("{place} cannot be used for the handover: {source}")]
    Io { place: Place, source: io::Error },
    #[error("{0} is there, and is no socket; --handover gives another place")]
    NoSocket(Place),
    #[error("there is no folder for {0}: make it, or give another place (--handover)")]
    NoFolder(Place),
    #[error("at {place} is a process of another user ({uid}): only one's own is succeeded")]
    Stranger { place: Place, uid: u32 },
    #[error(
        "{0} cannot be used for the handover: the gateway there stands still: too many have come already, and \
         wait. If it does not go on, end it (SIGKILL)"
    )]
    StandsStill(Place),
    #[error(
        "{0} cannot be used for the handover: another process has locked its folder (`lsof` names it)"
    )]
    Locked(Place),
}

/// What is found at a place.
pub(crate) enum Found {
    /// A process that listens.
    Somebody(UnixStream),
    /// Nobody: the socket is ours now.
    Nobody(UnixListener),
}

impl Place {
    /// Whether gateways can meet there, as far as that is up to who has chosen it.
    ///
    /// # Errors
    /// When there is no such folder, or something else than a socket.
    pub(crate) fn check(&self) -> Result<(), PlaceError> {
        let Some(path) = self.path() else {
            return Ok(());
        };
        if matches!(folder_of(&path).try_exists(), Ok(false)) {
            return Err(PlaceError::NoFolder(self.clone()));
        }
        match std::fs::symlink_metadata(&path) {
            Ok(there) if !there.file_type().is_socket() => Err(PlaceError::NoSocket(self.clone())),
            _ => Ok(()),
        }
    }

    /// Whether there is no file where there could be one.
    pub(super) fn is_missing(&self) -> bool {
        let there = self.path().map(|path| path.symlink_metadata());
        there.is_some_and(|there| there.is_err_and(|error| error.kind() == io::ErrorKind::NotFound))
    }

    /// Goes there: to whoever listens, or to listen.
    ///
    /// # Errors
    /// When a file of another kind is there, or another user's process.
    pub(crate) fn visit(&self) -> Result<Found, PlaceError> {
        let error = |source| self.unusable(source);
        let address = self.address().map_err(error)?;
        // Two that find nobody at the same time would each take the other's socket for a dead one's.
        let _alone = self.lock()?;
        match self.connect() {
            Ok(stream) => match caller(&stream).map_err(error)? {
                caller if caller.is_ours() => Ok(Found::Somebody(stream)),
                Caller { uid, .. } => Err(PlaceError::Stranger {
                    place: self.clone(),
                    uid,
                }),
            },
            Err(refused)
                if matches!(
                    refused.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
                ) =>
            {
                self.clear()?;
                let listener = match self.path() {
                    Some(path) => listen_privately(&path),
                    None => UnixListener::bind_addr(&address),
                };
                Ok(Found::Nobody(listener.map_err(error)?))
            }
            // It does not wait for us, nor we for it.
            Err(refused) if refused.kind() == io::ErrorKind::WouldBlock => {
                Err(PlaceError::StandsStill(self.clone()))
            }
            Err(refused) => Err(error(refused)),
        }
    }

    fn unusable(&self, source: io::Error) -> PlaceError {
        PlaceError::Io {
            place: self.clone(),
            source,
        }
    }

    /// Connects, or says at once that this takes time: where a process stands still, others may be waiting
    /// for it already, and this one has the folder to itself.
    fn connect(&self) -> io::Result<UnixStream> {
        let address = match self.0.strip_prefix('@') {
            Some(name) => SocketAddrUnix::new_abstract_name(name.as_bytes())?,
            None => SocketAddrUnix::new(self.0.as_str())?,
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        connect(&socket, &address)?;
        Ok(socket.into())
    }

    /// The folder of the socket, to oneself. A name has no file that could be taken away.
    fn lock(&self) -> Result<Option<File>, PlaceError> {
        let Some(path) = self.path() else {
            return Ok(None);
        };
        let folder = match File::open(folder_of(&path)) {
            // One in which sockets can be made, but not looked for.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
            opened => opened.map_err(|error| self.unusable(error))?,
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            match folder.try_lock() {
                Ok(()) => return Ok(Some(folder)),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(LOOK);
                }
                Err(TryLockError::WouldBlock) => return Err(PlaceError::Locked(self.clone())),
                Err(TryLockError::Error(error)) => return Err(self.unusable(error)),
            }
        }
    }

    /// Takes away the socket of a process that is no more.
    fn clear(&self) -> Result<(), PlaceError> {
        let Some(path) = self.path() else {
            return Ok(());
        };
        self.check()?;
        match std::fs::symlink_metadata(&path) {
            Ok(_) => std::fs::remove_file(&path).map_err(|error| self.unusable(error)),
            Err(_) => Ok(()),
        }
    }

    fn address(&self) -> io::Result<SocketAddr> {
        match self.0.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name),
            None => SocketAddr::from_pathname(&self.0),
        }
    }

    pub(crate) fn path(&self) -> Option<PathBuf> {
        (!self.0.starts_with('@')).then(|| PathBuf::from(&self.0))
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        match text {
            "" | "@" => Err(PlaceError::Empty),
            text => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Makes a socket that only its user and root may connect to. Its file gets the mode that it has
/// itself, so that nobody comes in between, and the sandbox lets no file's mode be changed.
fn listen_privately(path: &Path) -> io::Result<UnixListener> {
    let (family, kind) = (AddressFamily::UNIX, SocketType::STREAM);
    let socket = socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
    rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    rustix::net::listen(&socket, WAITING)?;
    Ok(socket.into())
}

/// Who is at the other end: as the kernel noted when it connected or began to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Caller {
    uid: u32,
    /// None for one whose process has no number here.
    pub(super) process: Option<u32>,
}

impl Caller {
    /// Whether this is a process of this one's user, or root's.
    pub(super) fn is_ours(self) -> bool {
        self.uid == 0 || self.uid == geteuid().as_raw()
    }
}

/// Who is at the other end (`SO_PEERCRED`).
pub(super) fn caller(socket: &impl AsFd) -> io::Result<Caller> {
    let caller = getsockopt(socket, PeerCredentials)?;
    Ok(Caller {
        uid: caller.uid(),
        process: u32::try_from(caller.pid()).ok().filter(|id| *id > 0),
    })
}

#[cfg(test)]
mod tests;
