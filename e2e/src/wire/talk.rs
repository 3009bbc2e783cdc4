//! What an app says through the sidecars, and what came of it.

use std::net::SocketAddr;

use eastwest::clusters::ClustersError;
use eastwest::leftovers::Guarded;
use serde::{Deserialize, Serialize};

use super::{By, Caller, Place, Wire, WireError};

/// How many bytes go each way: many times what any buffer on the way holds.
pub const PAYLOAD: usize = 1 << 20;

/// How many bytes still come from the one who has not ended yet. They fit into any buffer on the way:
/// Envoy says that it has ended (SSL_shutdown) once, and where there is no room for that it is never
/// said, so that the other side waits for ever.
pub const AFTER_END: usize = 16 << 10;

/// A way to talk to the apps of `wire-peer serve`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// GET, then POST 1 MiB that comes back.
    Http,
    /// After the greeting 1 MiB each way, at the same time.
    Echo,
    /// The caller sends 1 MiB, and its end when the app has all of it; only then some comes back.
    CallerEndsFirst,
    /// The app greets and ends; then it gets some.
    AppEndsFirst,
    /// The app sends something and resets.
    AppResets,
    /// The caller sends something and resets.
    CallerResets,
}

impl Mode {
    /// The port of the app that is talked to so.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Http => 8080,
            _ => 3306,
        }
    }

    /// As in an argument.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Echo => "echo",
            Self::CallerEndsFirst => "caller-ends-first",
            Self::AppEndsFirst => "app-ends-first",
            Self::AppResets => "app-resets",
            Self::CallerResets => "caller-resets",
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Talk {
    /// The first line that the app said.
    pub greeting: String,
    /// How many bytes came after it, and whether they were the right ones.
    pub received: usize,
    /// Whether they were what had been sent.
    pub same: bool,
    /// How the app's end of it ended: `end`, or what the system said.
    pub ended: String,
}

impl Wire {
    /// Has the app of a caller talk to a pod, through its sidecar of that kind.
    ///
    /// # Errors
    /// When the app itself could not be run.
    pub fn talk(&self, place: &Place, client: By, mode: Mode) -> Result<Talk, WireError> {
        let to = self.dialled(place, client)?;
        self.talk_to(&Caller::of(place.port), &place.alias(), to, mode)
    }

    /// Has the app of a caller talk to a host, by the address that it has looked up.
    ///
    /// # Errors
    /// When the app itself could not be run.
    pub fn talk_to(
        &self,
        caller: &Caller,
        host: &str,
        to: SocketAddr,
        mode: Mode,
    ) -> Result<Talk, WireError> {
        self.run_peer(caller.host, &["talk", &to.to_string(), mode.as_str(), host])
    }

    /// Dials an address and port by hand, as `wire-peer present` does, and says what came of it.
    ///
    /// # Errors
    /// When the program could not be run.
    pub fn present(&self, host: &str, to: SocketAddr, args: &[&str]) -> Result<String, WireError> {
        let to = to.to_string();
        let args: Vec<_> = ["present", &to]
            .into_iter()
            .chain(args.iter().copied())
            .collect();
        self.run_peer(host, &args)
    }

    /// Has a client that would exchange metadata call a pod, and says what was negotiated, the
    /// greeting, and what came back of what it said.
    ///
    /// # Errors
    /// When the client could not be run, or got nowhere.
    pub fn call_exchanging(&self, caller: &Caller, place: &Place) -> Result<String, WireError> {
        let to = self.clusters.layout().gateway().to_string();
        let sni = format!("outbound_.{}_._.{}", place.port, place.alias());
        let identity = self.keys.client(caller).display().to_string();
        self.run_peer(caller.host, &["exchange-call", &to, &sni, &identity])
    }

    fn run_peer<T: serde::de::DeserializeOwned>(
        &self,
        host: &str,
        args: &[&str],
    ) -> Result<T, WireError> {
        let what = format!("wire-peer {}", args.join(" "));
        let mut command = self.peer_on(host)?;
        command.args(args);
        let output = Guarded::output(&mut command).map_err(|source| ClustersError::Run {
            what: what.clone(),
            source,
        })?;
        let said = || String::from_utf8_lossy(&output.stderr).into_owned();
        let answer = serde_json::from_slice(&output.stdout);
        Ok(answer.map_err(|_| ClustersError::Answer { what, said: said() })?)
    }
}
