//! Addresses that may be switched off: `127.0.0.1:15000`, `[::]:15021`, `off`.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// Where one of the process's own HTTP endpoints listens, or that it doesn't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointAddress {
    /// The endpoint is not served.
    Off,
    /// The endpoint listens here; port 0 lets the kernel choose.
    At(SocketAddr),
}

/// A text that is neither an address with a port nor `off`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an IP address with a port, as in 127.0.0.1:15000 or [::1]:15000, or `off`")]
pub struct AddressError;

impl EndpointAddress {
    /// The address to bind, if any.
    pub const fn get(self) -> Option<SocketAddr> {
        match self {
            Self::Off => None,
            Self::At(address) => Some(address),
        }
    }
}

impl FromStr for EndpointAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse().map(Self::At).map_err(|_| AddressError)
    }
}

impl fmt::Display for EndpointAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::At(address) => address.fmt(f),
        }
    }
}

impl Serialize for EndpointAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_and_off() {
        assert_eq!("off".parse(), Ok(EndpointAddress::Off));
        for text in ["127.0.0.1:0", "[::]:15021", "0.0.0.0:15020"] {
            assert_eq!(text.parse::<EndpointAddress>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_name_or_a_bare_port_is_refused_with_an_example() {
        for text in ["15021", ":15021", "localhost:15021", "127.0.0.1", "OFF"] {
            let message = text.parse::<EndpointAddress>().unwrap_err().to_string();
            assert!(message.contains("127.0.0.1:15000"), "{text}: {message}");
        }
    }
}
