//! What the tests start from: servers that are there, and places to listen that are free.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::Duration;

use eastwest::mysql::{
    Account, Channel, FetchError, Flavor, Installed, Packages, Server, ServerOptions,
};
use eastwest::stage::host::ThisMachine;
use tempfile::TempDir;

/// Enough for a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// The server, fetched if it must be. None only if Debian unstable is without MySQL today; the
/// test is then listed as skipped.
pub(crate) fn installed(flavor: Flavor, test: &str) -> Option<Installed> {
    match Packages::in_default_cache().unwrap().ensure(flavor) {
        Ok(installed) => Some(installed),
        Err(
            reason @ FetchError::NotInSuite {
                flavor: Flavor::MySql,
                ..
            },
        ) => {
            skipped(test, &reason.to_string());
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Says so past the test harness, which would keep it back.
pub(crate) fn skipped(test: &str, reason: &str) {
    let line = format!("SKIPPED {test}: {reason}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// An address of this test process alone, and a port that no other server of it has.
pub(crate) fn place() -> (IpAddr, u16) {
    static PORT: AtomicU16 = AtomicU16::new(23_306);
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    let address = Ipv4Addr::new(127, 128 | (high & 0x3f), middle, low);
    (address.into(), PORT.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn options(dir: &TempDir, id: u32) -> ServerOptions {
    let id = NonZeroU32::new(id).unwrap();
    let (address, port) = place();
    ServerOptions::new(id, dir.path().join(format!("server-{id}"))).listening_on(address, port)
}

pub(crate) fn account() -> Account {
    Account {
        user: "replication".into(),
        password: "it's a \\ secret".into(),
    }
}

/// Two servers that do not know each other yet; the account for replication is on the source.
pub(crate) struct Pair {
    pub(crate) source: Server,
    pub(crate) replica: Server,
    pub(crate) _dir: TempDir,
}

impl Pair {
    pub(crate) fn start(installed: &Installed) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let start = |id| Server::start(&ThisMachine, installed, options(&dir, id)).unwrap();
        let (source, replica) = thread::scope(|scope| {
            let replica = scope.spawn(|| start(2));
            (start(1), replica.join().unwrap())
        });
        account().create_on(source.client()).unwrap();
        Self {
            source,
            replica,
            _dir: dir,
        }
    }

    pub(crate) fn channel(&self) -> Channel {
        channel_to(&self.source)
    }

    /// Both, with the replica following and level with the source.
    pub(crate) fn following(installed: &Installed) -> Self {
        let pair = Self::start(installed);
        pair.replica.replica().follow(&pair.channel()).unwrap();
        pair.replica.replica().wait_running(LONG).unwrap();
        pair.level();
        pair
    }

    /// Waits until the replica has all that the source has.
    pub(crate) fn level(&self) {
        self.replica
            .replica()
            .wait_caught_up(self.source.client(), LONG)
            .unwrap();
    }
}

pub(crate) fn channel_to(source: &Server) -> Channel {
    let address = source.bind_addresses().first().unwrap();
    Channel::new(address.to_string(), source.port(), account())
}
