//! The server that is asked: its admin address, and what it answers there.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::exchange::{Broken, Patience, exchange};

mod stranger;

use stranger::Stranger;

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
    #[error(transparent)]
    Stranger(#[from] Stranger),
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
    head: String,
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
            200 => serde_json::from_str(&answer.body).map_err(|_| self.stranger(path, &answer)),
            _ => Err(self.refused(path, &answer)),
        }
    }

    /// Has the server do something; what it says of that.
    pub(crate) fn post(&self, path: &'static str) -> Result<String, AdminError> {
        let answer = self.ask("POST", path)?;
        match answer.status {
            200 => Ok(answer.body.trim().to_owned()),
            _ => Err(self.refused(path, &answer)),
        }
    }

    /// JSON was told at `path`, and it is not what servers of ours tell there.
    pub(super) fn tells_else(&self, path: &'static str) -> AdminError {
        Stranger::at(self.admin, path, 200, None).into()
    }

    fn stranger(&self, path: &'static str, answer: &Answer) -> AdminError {
        Stranger::at(self.admin, path, answer.status, answer.header("server")).into()
    }

    /// Our servers list the paths that they have instead of one that they have not.
    fn refused(&self, path: &'static str, answer: &Answer) -> AdminError {
        let (address, said) = (self.admin, answer.body.as_str());
        let lists = |known: &str| said.lines().any(|line| line.trim() == known);
        let is_missing = matches!(answer.status, 404 | 405);
        if is_missing && (lists("/healthz/ready") || said.starts_with("probes are asked")) {
            AdminError::Probes(address)
        } else if is_missing && (lists("/metrics") || said.starts_with("metrics are")) {
            AdminError::Metrics(address)
        } else if is_missing && lists("/config_dump") {
            AdminError::Older { address, path }
        } else if is_missing || !answer.may_be_ours() {
            self.stranger(path, answer)
        } else {
            let (status, said) = (answer.status, crate::one_line::in_one_line(said.trim()));
            AdminError::Status {
                address,
                status,
                said,
            }
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
        Answer::read(&said).ok_or_else(|| Stranger::without_http(address, &said).into())
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
            head: head.to_owned(),
            body: body.to_owned(),
        })
    }

    fn header(&self, name: &str) -> Option<&str> {
        let headers = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut named = headers.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim())
    }

    /// Servers of ours refuse in plain text, and call themselves nothing.
    fn may_be_ours(&self) -> bool {
        let is_text = self.header("content-type") == Some("text/plain; charset=utf-8");
        is_text && self.header("server").is_none()
    }
}

#[cfg(test)]
mod tests;
