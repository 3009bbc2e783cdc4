//! An address for an alias, computed from its name alone.
//!
//! Several aliases share port 3306 and MySQL's server speaks first, so the destination address is
//! all that tells two aliases apart. Every process that reads the same name computes the same
//! address, whatever other aliases there are: FNV-1a (64 bits) of the lower-case name, modulo the
//! number of usable addresses of the range. Addresses that end in .0 or .255 are never used, as
//! some tools take them for networks and broadcasts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU16;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::Serialize;

use crate::hostname::Hostname;

/// How the app's connections reach the shim, which decides the range of computed addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Capture {
    /// The shim binds each alias's address itself: 127.64.0.0/10.
    Vip,
    /// The same address at a port that is so much higher than the alias's own.
    Port(NonZeroU16),
    /// A redirect rule leads to the shim: 240.240.0.0/16, the range that Istio allocates from too.
    Redirect,
    /// A Service of the alias's name leads to a port of the shim's own pod: an alias has no address
    /// of its own here, and each of its ports one of the shim's (`service_port`).
    Service,
    /// They don't reach this process at all, such as a gateway: any address will do.
    Elsewhere,
}

/// What mode `port` adds to a port unless something else is given: 13306 for 3306.
pub const DEFAULT_PORT_OFFSET: NonZeroU16 = NonZeroU16::MIN.saturating_add(9_999);

/// The ranges that redirect rules send to the shim unless others are given.
pub const REDIRECTED: [IpNet; 2] = [
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(240, 240, 0, 0), 16)),
    IpNet::V6(Ipv6Net::new_assert(
        Ipv6Addr::new(0xfd24, 0x0240, 0, 0, 0, 0, 0, 0),
        32,
    )),
];

/// How connections reach the shim, and those to which addresses do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach<'a> {
    pub(crate) capture: Capture,
    /// What the redirect rules hold for; without meaning for `vip`.
    pub(crate) redirected: &'a [IpNet],
}

/// Why connections to an address never reach the shim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreachable {
    /// `vip`: not a loopback address.
    NotBindable,
    /// `redirect`: a loopback address, where the pod's own servers are.
    Loopback,
    /// `redirect`: in none of the ranges.
    NotRedirected,
}

impl Reach<'_> {
    pub(crate) fn check(&self, address: IpAddr) -> Result<(), Unreachable> {
        match self.capture {
            Capture::Elsewhere | Capture::Service => Ok(()),
            Capture::Vip | Capture::Port(_) if address.is_loopback() => Ok(()),
            Capture::Vip | Capture::Port(_) => Err(Unreachable::NotBindable),
            Capture::Redirect if address.is_loopback() => Err(Unreachable::Loopback),
            Capture::Redirect if self.redirected.iter().any(|net| net.contains(&address)) => Ok(()),
            Capture::Redirect => Err(Unreachable::NotRedirected),
        }
    }

    /// For messages.
    pub(crate) fn ranges(&self) -> String {
        let ranges: Vec<_> = self.redirected.iter().map(ToString::to_string).collect();
        ranges.join(", ")
    }
}

/// Usable addresses in each block of 256.
const PER_BLOCK: u64 = 254;

struct Range {
    first: Ipv4Addr,
    blocks: u64,
}

impl Capture {
    const fn range(self) -> Range {
        match self {
            Self::Vip | Self::Port(_) => Range {
                first: Ipv4Addr::new(127, 64, 0, 0),
                blocks: 1 << 14,
            },
            Self::Redirect | Self::Service | Self::Elsewhere => Range {
                first: Ipv4Addr::new(240, 240, 0, 0),
                blocks: 1 << 8,
            },
        }
    }

    /// The range of computed addresses, for messages.
    #[must_use]
    pub const fn range_text(self) -> &'static str {
        match self {
            Self::Vip | Self::Port(_) => "127.64.0.0/10",
            Self::Redirect | Self::Service | Self::Elsewhere => "240.240.0.0/16",
        }
    }
}

impl Range {
    const fn usable(&self) -> u64 {
        self.blocks * PER_BLOCK
    }

    fn address(&self, index: u64) -> Ipv4Addr {
        let index = index % self.usable();
        let offset = (index / PER_BLOCK) * 256 + index % PER_BLOCK + 1;
        // An index below `usable` gives an offset below 2^22, so nothing is cut off.
        Ipv4Addr::from_bits(self.first.to_bits() + offset as u32)
    }
}

/// The address of `alias` where its manifest gives none.
#[must_use]
pub fn computed(alias: &Hostname, capture: Capture) -> Ipv4Addr {
    capture.range().address(fnv1a(alias.as_str()))
}

/// An address near the computed one that `taken` does not know; `None` if it knows all.
#[must_use]
pub fn free(
    alias: &Hostname,
    capture: Capture,
    taken: impl Fn(Ipv4Addr) -> bool,
) -> Option<Ipv4Addr> {
    let range = capture.range();
    let start = fnv1a(alias.as_str()) % range.usable();
    (0..range.usable())
        .map(|step| range.address(start + step))
        .find(|&ip| !taken(ip))
}

/// Fowler-Noll-Vo 1a, 64 bits (draft-eastlake-fnv).
pub(crate) fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Hostname {
        text.parse().unwrap()
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a("foobar"), 0x8594_4171_f739_67e8);
    }

    /// Pinned (computed apart, in Python): after an upgrade a name must keep its address.
    #[test]
    fn the_addresses_of_known_names_never_change() {
        let alias = name("src-db-pxc-0.pxc.svc.cluster.local");
        assert_eq!(computed(&alias, Capture::Vip).to_string(), "127.97.194.162");
        assert_eq!(
            computed(&alias, Capture::Redirect).to_string(),
            "240.240.194.162"
        );
    }

    #[test]
    fn the_ends_of_the_range_are_reached_and_not_passed() {
        for (capture, last) in [
            (Capture::Vip, "127.127.255.254"),
            (Capture::Redirect, "240.240.255.254"),
        ] {
            let range = capture.range();
            assert_eq!(range.address(range.usable() - 1).to_string(), last);
            assert_eq!(range.address(0).octets()[3], 1);
        }
    }

    #[test]
    fn a_suggested_address_is_free() {
        let alias = name("a.b");
        let own = computed(&alias, Capture::Redirect);
        let other = free(&alias, Capture::Redirect, |ip| ip == own).unwrap();
        assert_ne!(other, own);
        assert_eq!(free(&alias, Capture::Redirect, |_| true), None);
    }

    proptest! {
        #[test]
        fn any_name_gets_a_usable_address_of_the_range(text in "[a-z]([-a-z0-9.]{0,60}[a-z])?") {
            if let Ok(alias) = text.parse::<Hostname>() {
                let [a, b, _, d] = computed(&alias, Capture::Vip).octets();
                prop_assert!(a == 127 && b & 0b1100_0000 == 64 && (1..=254).contains(&d));
                let [a, b, _, d] = computed(&alias, Capture::Redirect).octets();
                prop_assert!(a == 240 && b == 240 && (1..=254).contains(&d));
            }
        }
    }
}
