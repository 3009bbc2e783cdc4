//! The server that is asked: its admin address, and what it answers there.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::exchange::{Broken, Patience, exchange};

/// Servers answer at once, and all of it comes soon, also through `kubectl port-forward`; it is some ten times
/// as long as what a gateway has to tell that tells as much as it does at once.
const PATIENCE: Patience = Patience {
    step: Duration::from_secs(5),
    whole: Duration::from_secs(30),
    longest: 32 << 20,
};

/// Which server is asked.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct AdminArgs {
    /// The server's --admin-address
    #[arg(
        long,
        value_name = "ADDR",
        env = "EASTWEST_ADMIN_ADDRESS",
        default_value = "127.0.0.1:15000",
        value_parser = address
    )]
    pub(crate) admin: SocketAddr,
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "expected an IP address with a port, as in 127.0.0.1:15000")
}

/// Why a server has not answered, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdminError {
    #[error(
        "nothing listens at {0}: no server runs here, or it has another --admin-address, which --admin gives; in \
         Kubernetes, `kubectl port-forward POD 15000` leads to a pod's"
    )]
    Refused(SocketAddr),
    #[error(
        "the server at {address} does not answer within {} s; is it stopped, or frozen? --admin gives another address",
        PATIENCE.step.as_secs()
    )]
    Frozen { address: SocketAddr },
    #[error(
        "what answers at {address} has not told all within {} s; --admin gives another address",
        PATIENCE.whole.as_secs()
    )]
    Unfinished { address: SocketAddr },
    #[error(
        "what listens at {0} has ended the connection before it had answered: it may just be ending; --admin \
         gives another address"
    )]
    HungUp(SocketAddr),
    #[error("no answer from {address}: {source}; --admin gives another address")]
    Silent {
        address: SocketAddr,
        source: io::Error,
    },
    #[error(
        "at {0} probes are answered (--ready-address): --admin wants the --admin-address, 127.0.0.1:15000 \
         unless the server was given another"
    )]
    Probes(SocketAddr),
    #[error(
        "at {0} Prometheus is answered (--metrics-address): --admin wants the --admin-address, \
         127.0.0.1:15000 unless the server was given another"
    )]
    Metrics(SocketAddr),
    #[error("the server at {address} is older than this program: it has no {path}")]
    Older {
        address: SocketAddr,
        path: &'static str,
    },
    #[error(
        "what answers at {0} is no server of eastwest; --admin gives the --admin-address of one that is"
    )]
    Stranger(SocketAddr),
    #[error("the server at {address} answers with {status}: {said}")]
    Status {
        address: SocketAddr,
        status: u16,
        said: String,
    },
    #[error("the server at {0} says more than this program takes")]
    TooMuch(SocketAddr),
    #[error(
        "the server at {address} tells of itself in form {theirs}, and this program knows {ours}: use the \
         program of the server's version"
    )]
    OtherForm {
        address: SocketAddr,
        theirs: u64,
        ours: u64,
    },
}

/// An answer, whole.
struct Answer {
    status: u16,
    body: String,
}

impl AdminArgs {
    /// What the server tells at `path`, which is JSON; with a query, as in `?limit=10`, or none.
    pub(crate) fn get<T: DeserializeOwned>(
        &self,
        path: &'static str,
        query: &str,
    ) -> Result<T, AdminError> {
        let answer = self.ask("GET", &format!("{path}{query}"))?;
        match answer.status {
            200 => serde_json::from_str(&answer.body).map_err(|_| AdminError::Stranger(self.admin)),
            404 => Err(self.not_there(path, &answer.body)),
            status => Err(self.refused(status, &answer.body)),
        }
    }

    /// Has the server do something; what it says of that.
    pub(crate) fn post(&self, path: &'static str) -> Result<String, AdminError> {
        let answer = self.ask("POST", path)?;
        match answer.status {
            200 => Ok(answer.body.trim().to_owned()),
            404 | 405 => Err(self.not_there(path, &answer.body)),
            status => Err(self.refused(status, &answer.body)),
        }
    }

    /// Our servers list the paths that they have instead of one that they have not.
    fn not_there(&self, path: &'static str, said: &str) -> AdminError {
        let lists = |known: &str| said.lines().any(|line| line.trim() == known);
        if lists("/healthz/ready") || said.starts_with("probes are asked") {
            AdminError::Probes(self.admin)
        } else if lists("/metrics") || said.starts_with("metrics are") {
            AdminError::Metrics(self.admin)
        } else if lists("/config_dump") {
            let address = self.admin;
            AdminError::Older { address, path }
        } else {
            AdminError::Stranger(self.admin)
        }
    }

    fn refused(&self, status: u16, said: &str) -> AdminError {
        AdminError::Status {
            address: self.admin,
            status,
            said: crate::one_line::in_one_line(said.trim()),
        }
    }

    fn ask(&self, method: &str, target: &str) -> Result<Answer, AdminError> {
        let address = self.admin;
        let question = format!(
            "{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        );
        let said = exchange(address, &question, PATIENCE).map_err(|broken| match broken {
            Broken::Unfinished => AdminError::Unfinished { address },
            Broken::Io(source) => self.unheard(source),
        })?;
        if said.len() as u64 >= PATIENCE.longest {
            return Err(AdminError::TooMuch(address));
        }
        Answer::read(&said).ok_or(AdminError::Stranger(address))
    }

    fn unheard(&self, source: io::Error) -> AdminError {
        let address = self.admin;
        match source.kind() {
            io::ErrorKind::ConnectionRefused => AdminError::Refused(address),
            // A read that has waited in vain says the former, a connection the latter.
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => AdminError::Frozen { address },
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                AdminError::HungUp(address)
            }
            _ => AdminError::Silent { address, source },
        }
    }
}

impl Answer {
    /// None if it is not HTTP, or in chunks, as our servers never answer.
    fn read(said: &[u8]) -> Option<Self> {
        let said = String::from_utf8_lossy(said);
        let (head, body) = said.split_once("\r\n\r\n")?;
        let mut words = head.lines().next()?.split(' ');
        let version = words.next()?;
        version.starts_with("HTTP/1.").then_some(())?;
        Some(Self {
            status: words.next()?.parse().ok()?,
            body: body.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests;
