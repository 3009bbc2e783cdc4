//! Where a connection comes from, as far as one client can be told from another.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What one client can have as many addresses of as it likes: one of IPv4, and 2^64 of IPv6 (each host
/// is in a /64: RFC 4291, section 2.5.1). The pods of a node usually share one (Kubernetes'
/// `--node-cidr-mask-size-ipv6` is 64 by default), and are one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// An address.
    V4(Ipv4Addr),
    /// The first 64 bits.
    V6([u16; 4]),
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::V4(address) => address.fmt(f),
            Self::V6([a, b, c, d]) => write!(f, "{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(address: &str) -> String {
        Source::from(address.parse::<IpAddr>().unwrap()).to_string()
    }

    #[test]
    fn a_source_is_an_address_or_a_network_of_64_bits() {
        assert_eq!(said("192.0.2.7"), "192.0.2.7");
        assert_eq!(said("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(said("2001:db8:0:1::7"), "2001:db8:0:1::/64");
        assert_eq!(said("2001:db8:0:1:a:b:c:d"), "2001:db8:0:1::/64");
        assert_eq!(said("2001:db8:0:2::7"), "2001:db8:0:2::/64");
    }
}
