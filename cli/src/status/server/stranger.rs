//! Who is at an address where no server of ours is, as far as the answer shows.

use std::fmt;
use std::net::SocketAddr;

use crate::one_line::in_one_line;

/// Of what somebody calls himself no more is said.
const LONGEST: usize = 40;
/// A TLS record begins so, whatever is in it: its kind, and the major version.
const TLS: [[u8; 2]; 3] = [[0x14, 3], [0x15, 3], [0x16, 3]];

/// Somebody else, who has answered.
#[derive(Debug, thiserror::Error)]
#[error("{}, and is no admin port of a server of eastwest; {}", self.what(), self.next())]
pub(crate) struct Stranger {
    address: SocketAddr,
    answered: Answered,
}

#[derive(Debug)]
enum Answered {
    Http {
        path: &'static str,
        status: u16,
        /// What it calls itself.
        name: Option<String>,
    },
    Tls,
    /// Some other protocol.
    Other,
    Nothing,
}

impl Stranger {
    /// One that answers so to a question for `path`.
    pub(super) fn at(
        address: SocketAddr,
        path: &'static str,
        status: u16,
        name: Option<&str>,
    ) -> Self {
        let name = name.map(|name| in_one_line(&name.chars().take(LONGEST).collect::<String>()));
        let answered = Answered::Http { path, status, name };
        Self { address, answered }
    }

    /// One whose answer is not HTTP.
    pub(super) fn without_http(address: SocketAddr, said: &[u8]) -> Self {
        let answered = match said {
            [] => Answered::Nothing,
            said if TLS.iter().any(|begin| said.starts_with(begin)) => Answered::Tls,
            _ => Answered::Other,
        };
        Self { address, answered }
    }

    fn what(&self) -> impl fmt::Display {
        let address = self.address;
        match &self.answered {
            Answered::Http { path, status, name } => {
                let name = name.as_deref().map(|name| format!(" (Server: {name})"));
                let name = name.unwrap_or_default();
                let else_said = match status {
                    200 => " with something else than is asked for",
                    _ => "",
                };
                format!("http://{address}{path} answered {status}{name}{else_said}")
            }
            Answered::Tls => format!("what listens at {address} speaks TLS"),
            Answered::Other => format!("what listens at {address} speaks no HTTP"),
            Answered::Nothing => format!("what listens at {address} says nothing to HTTP"),
        }
    }

    fn next(&self) -> &'static str {
        match &self.answered {
            Answered::Http {
                name: Some(name), ..
            } if name.eq_ignore_ascii_case("envoy") => {
                "that is Envoy, whose own admin port is 15000 in a pod with Istio's sidecar: a server beside it has \
                 another --admin-address, which --admin gives"
            }
            _ => {
                "it may be the app, or a proxy: --admin wants the server's --admin-address, 127.0.0.1:15000 unless \
                 it was given another; in Kubernetes, `kubectl port-forward POD 15000` leads to a pod's"
            }
        }
    }
}
