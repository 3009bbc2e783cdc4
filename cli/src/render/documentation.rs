//! Gateways that examples have, and that nobody has replaced.

use std::collections::BTreeSet;
use std::net::IpAddr;

use eastwest_mesh::{Address, Route};

/// A line for each place that has one.
pub(super) fn left(routes: &[Route]) -> BTreeSet<String> {
    let gateways = |route: &Route| {
        let addresses = route.gateways.iter().map(|gateway| &gateway.address);
        let kept: Vec<IpAddr> = addresses
            .filter_map(|address| match address {
                Address::Ip(ip) if is_documentation(*ip) => Some(*ip),
                Address::Ip(_) | Address::Name(_) => None,
            })
            .collect();
        let origin = route.origin.to_string();
        kept.into_iter().map(move |ip| {
            format!(
                "{origin}: warning: the gateway {ip} is an address of documentation, which leads nowhere; put the \
                 other cluster's in its place"
            )
        })
    };
    routes.iter().flat_map(gateways).collect()
}

/// RFC 5737, RFC 3849 and RFC 9637.
fn is_documentation(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_documentation(),
        IpAddr::V6(v6) => match v6.segments() {
            [0x2001, 0xdb8, ..] => true,
            [first, second, ..] => first == 0x3fff && second < 0x1000,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_end_where_their_rfcs_say() {
        let documentation = |text: &str| is_documentation(text.parse().unwrap());
        for ip in [
            "192.0.2.0",
            "198.51.100.255",
            "203.0.113.10",
            "2001:db8::1",
            "2001:db8:ffff::",
            "3fff:fff::",
        ] {
            assert!(documentation(ip), "{ip}");
        }
        for ip in [
            "192.0.3.0",
            "203.0.112.1",
            "2001:db9::1",
            "3fff:1000::",
            "fd00::1",
        ] {
            assert!(!documentation(ip), "{ip}");
        }
    }
}
