//! Where the far app of another host is reached.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use anyhow::Context;

/// MySQL's, which a shim's manifests have anyway.
const PORT: u16 = 3306;

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    host: String,
    port: u16,
}

/// Why a text is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TargetError {
    #[error("expected a name or an address, as in src-db-pxc-0.pxc:3306")]
    NoHost,
    #[error("`{0}` is not a port: a number from 1 to 65535")]
    Port(String),
    #[error("`{0}` is not an IPv6 address in brackets, as in [2001:db8::1]:3306")]
    Brackets(String),
}

impl Target {
    /// Its first address, as this host's resolver has it.
    ///
    /// # Errors
    /// When it has none.
    pub(super) fn resolve(&self) -> anyhow::Result<SocketAddr> {
        let mut all = (self.host.as_str(), self.port)
            .to_socket_addrs()
            .with_context(|| format!("looking {} up", self.host))?;
        all.next()
            .with_context(|| format!("{} has no address", self.host))
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        // An address alone may be full of colons.
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self {
                host: address.to_string(),
                port: PORT,
            });
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let broken = || TargetError::Brackets(text.to_owned());
                let (host, port) = rest.split_once(']').ok_or_else(broken)?;
                host.parse::<Ipv6Addr>().map_err(|_| broken())?;
                match port {
                    "" => (host, None),
                    _ => (host, Some(port.strip_prefix(':').ok_or_else(broken)?)),
                }
            }
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        if host.is_empty() || host.contains(char::is_whitespace) {
            return Err(TargetError::NoHost);
        }
        let port = match port {
            None => PORT,
            Some(port) => match port.parse() {
                Ok(number) if number > 0 => number,
                _ => return Err(TargetError::Port(port.to_owned())),
            },
        };
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_with_and_without_ports() {
        for (text, shown) in [
            ("src-db-pxc-0.pxc", "src-db-pxc-0.pxc:3306"),
            ("db:13306", "db:13306"),
            ("192.0.2.1", "192.0.2.1:3306"),
            ("2001:db8::1", "[2001:db8::1]:3306"),
            ("[2001:db8::1]:33", "[2001:db8::1]:33"),
            ("[::1]", "[::1]:3306"),
        ] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), shown);
        }
        let loopback: Target = "127.0.0.1:9".parse().unwrap();
        assert_eq!(loopback.resolve().unwrap(), "127.0.0.1:9".parse().unwrap());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |text: &str| text.parse::<Target>().unwrap_err();
        for port in ["0", "65536", "mysql", ""] {
            assert_eq!(
                error(&format!("db:{port}")),
                TargetError::Port(port.to_owned())
            );
        }
        for text in ["", ":3306", "a b"] {
            assert_eq!(error(text), TargetError::NoHost);
        }
        for text in ["[::1", "[db]:3306", "[::1]3306"] {
            assert_eq!(error(text), TargetError::Brackets(text.to_owned()));
        }
    }
}
