//! Addresses as people write them: to listen on, to ask, to be switched off.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
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

/// Reads an address to listen on, for clap.
///
/// # Errors
/// When it is no IP address with a port.
pub fn listen_address(text: &str) -> Result<SocketAddr, ListenAddressError> {
    text.parse().map_err(|_| ListenAddressError)
}

/// A text that is no address with a port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an IP address with a port, as in 0.0.0.0:15443 or [::]:15443")]
pub struct ListenAddressError;

/// Where DNS is asked (RFC 1035 section 4.2).
const DNS_PORT: u16 = 53;

/// A name server as a person writes it: an address, with a port if it is not 53.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameServer(SocketAddr);

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an IP address, with a port if it is not 53, as in 10.96.0.10, 10.96.0.10:5353 or \
     [fd00::10]:5353; a name can't be looked up without a name server"
)]
pub struct NameServerError;

impl NameServer {
    /// Where to send questions.
    pub const fn address(self) -> SocketAddr {
        self.0
    }
}

impl FromStr for NameServer {
    type Err = NameServerError;

    fn from_str(text: &str) -> Result<Self, NameServerError> {
        let bare = || {
            text.parse()
                .map(|address: IpAddr| SocketAddr::new(address, DNS_PORT))
        };
        text.parse()
            .or_else(|_| bare())
            .map(Self)
            .map_err(|_| NameServerError)
    }
}

impl fmt::Display for NameServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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

    #[test]
    fn a_listener_needs_an_address_and_a_port() {
        assert_eq!(listen_address("[::]:53"), Ok(([0u16; 8], 53).into()));
        for text in ["15443", "127.0.0.1", "localhost:53", "[::]"] {
            let message = listen_address(text).unwrap_err().to_string();
            assert!(message.contains("0.0.0.0:15443"), "{text}: {message}");
        }
    }

    #[test]
    fn a_name_server_is_asked_on_port_53_unless_another_is_given() {
        let address = |text: &str| text.parse::<NameServer>().unwrap().address().to_string();
        assert_eq!(address("10.96.0.10"), "10.96.0.10:53");
        assert_eq!(address("fd00::10"), "[fd00::10]:53");
        assert_eq!(address("10.96.0.10:5353"), "10.96.0.10:5353");
        assert!("dns.example".parse::<NameServer>().is_err());
    }
}
