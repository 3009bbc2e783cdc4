//! A range of virtual IPs, checked once where it enters.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;

/// Ranges whose connections belong to the shim, unless others are given.
pub const DEFAULT_RANGES: [&str; 2] = ["240.240.0.0/16", "fd24:240::/32"];

/// Shortest prefix taken: a shorter one is a slip of the finger that would cut the pod off.
const MIN_PREFIX_V4: u8 = 8;
const MIN_PREFIX_V6: u8 = 16;

/// A range of virtual IPs: no host bits, neither loopback nor multicast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VirtualRange(IpNet);

impl VirtualRange {
    /// The range as a network.
    pub fn network(self) -> IpNet {
        self.0
    }
}

impl fmt::Display for VirtualRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text is not a range of virtual IPs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Not ADDRESS/PREFIX.
    #[error("not an address range: write ADDRESS/PREFIX, e.g. 240.240.0.0/16")]
    Syntax,
    /// Bits set behind the prefix.
    #[error("has bits set behind its prefix: did you mean {0}?")]
    HostBits(IpNet),
    /// So many addresses that the pod's other traffic would be caught too.
    #[error("is too wide: it would catch the pod's other traffic; use at least /{0}")]
    TooWide(u8),
    /// 127.0.0.0/8, ::1, ::ffff:0:0/96 or multicast.
    #[error("holds loopback, multicast or IPv4-mapped addresses, which cannot be virtual IPs here")]
    NotUnicast,
}

impl FromStr for VirtualRange {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let range: IpNet = text.parse().map_err(|_| RangeError::Syntax)?;
        if range != range.trunc() {
            return Err(RangeError::HostBits(range.trunc()));
        }
        let shortest = if range.network().is_ipv4() {
            MIN_PREFIX_V4
        } else {
            MIN_PREFIX_V6
        };
        if range.prefix_len() < shortest {
            return Err(RangeError::TooWide(shortest));
        }
        let first = range.network();
        let mapped = matches!(range, IpNet::V6(net) if net.network().to_ipv4_mapped().is_some());
        let loopback = first.is_loopback() || range.contains(&IpAddr::V6(Ipv6Addr::LOCALHOST));
        if loopback || first.is_unspecified() || first.is_multicast() || mapped {
            return Err(RangeError::NotUnicast);
        }
        Ok(Self(range))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> RangeError {
        VirtualRange::from_str(text).unwrap_err()
    }

    #[test]
    fn takes_the_default_ranges() {
        for text in DEFAULT_RANGES {
            assert_eq!(text.parse::<VirtualRange>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_host_bits_and_names_the_range_meant() {
        assert_eq!(
            refused("240.240.0.5/16").to_string(),
            "has bits set behind its prefix: did you mean 240.240.0.0/16?"
        );
    }

    #[test]
    fn refuses_a_range_that_would_catch_everything() {
        assert_eq!(refused("0.0.0.0/0"), RangeError::TooWide(8));
        assert_eq!(refused("::/0"), RangeError::TooWide(16));
    }

    #[test]
    fn refuses_loopback_multicast_and_mapped_addresses() {
        for text in [
            "127.64.0.0/10",
            "0.0.0.0/8",
            "::1/128",
            "::/16",
            "224.0.0.0/8",
            "ff00::/16",
            "::ffff:0:0/96",
        ] {
            assert_eq!(refused(text), RangeError::NotUnicast, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_range() {
        assert_eq!(refused("240.240.0.0"), RangeError::Syntax);
    }
}
