//! The port of the shim's own pod at which mode `service` takes connections for one port of an
//! alias.
//!
//! Several aliases share port 3306 and lead to one pod, so its ports are all that tells them apart.
//! The Services that lead there name the port, so that it must be the same in every process and in
//! any order of files: FNV-1a (64 bits) of `ALIAS:PORT`, modulo the size of the range. The
//! annotation `eastwest.dev/service-port` of the ServiceEntry gives another.

use std::num::NonZeroU16;

use crate::hostname::Hostname;
use crate::virtual_ip::fnv1a;

/// First port of the range; Kubernetes' node ports begin above its last, 29999.
pub const FIRST: u16 = 20_000;
/// Ports in the range.
pub const COUNT: u16 = 10_000;

/// The port for `port` of `alias` where no annotation gives one.
#[must_use]
pub fn computed(alias: &Hostname, port: NonZeroU16) -> NonZeroU16 {
    at(start(alias, port))
}

/// A port near the computed one that `taken` does not know; `None` if it knows all.
#[must_use]
pub fn free(
    alias: &Hostname,
    port: NonZeroU16,
    taken: impl Fn(NonZeroU16) -> bool,
) -> Option<NonZeroU16> {
    let start = start(alias, port);
    (0..u64::from(COUNT))
        .map(|step| at(start + step))
        .find(|&port| !taken(port))
}

fn start(alias: &Hostname, port: NonZeroU16) -> u64 {
    fnv1a(&format!("{alias}:{port}")) % u64::from(COUNT)
}

fn at(index: u64) -> NonZeroU16 {
    // Less than 10,000, so that nothing is cut off, and not 0 with what it is added to.
    let index = (index % u64::from(COUNT)) as u16;
    NonZeroU16::MIN.saturating_add(FIRST - 1 + index)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn port(number: u16) -> NonZeroU16 {
        number.try_into().unwrap()
    }

    /// Pinned (computed apart, in Python): Services that were applied name it.
    #[test]
    fn the_ports_of_known_aliases_never_change() {
        let alias = "src-db-pxc-0.pxc.svc.cluster.local".parse().unwrap();
        assert_eq!(computed(&alias, port(3306)).get(), 28_893);
        assert_eq!(computed(&alias, port(33060)).get(), 26_087);
    }

    #[test]
    fn a_suggested_port_is_free_and_the_range_goes_round() {
        let alias: Hostname = "a.b".parse().unwrap();
        let own = computed(&alias, port(1));
        let next = free(&alias, port(1), |port| port == own).unwrap();
        assert_ne!(next, own);
        assert_eq!(free(&alias, port(1), |port| port != at(0)), Some(at(0)));
        assert_eq!(free(&alias, port(1), |_| true), None);
        assert_eq!(at(u64::from(COUNT)), at(0));
    }

    proptest! {
        #[test]
        fn any_port_of_any_alias_has_one_in_the_range(
            text in "[a-z]([-a-z0-9.]{0,60}[a-z])?",
            number in 1..=u16::MAX,
        ) {
            if let Ok(alias) = text.parse::<Hostname>() {
                let computed = computed(&alias, port(number)).get();
                prop_assert!((20_000..=29_999).contains(&computed));
            }
        }
    }
}
