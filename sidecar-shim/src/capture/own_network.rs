//! The pod's own addresses, which no range of virtual IPs may hold: the rules would send all that the
//! pod says to its neighbours to the shim.
//!
//! Layout: `struct ifaddrmsg` in the kernel's `include/uapi/linux/if_addr.h`.

use std::net::IpAddr;

use ipnet::IpNet;

use super::attribute::Parsed;
use super::error::CaptureError;
use super::netlink::{Netlink, Request};
use super::range::VirtualRange;

const RTM_GETADDR: u16 = 22;
const IFA_ADDRESS: u16 = 1;
/// IPv4: the address itself, where `IFA_ADDRESS` is the other end of a point-to-point link.
const IFA_LOCAL: u16 = 2;
const IFADDRMSG: usize = 8;

/// The pod's addresses, each with the prefix of its network, without loopback and link-local ones.
fn own_networks() -> Result<Vec<IpNet>, CaptureError> {
    let failed = |error| CaptureError::from_netlink("listing the pod's own addresses", error);
    let list = Request {
        kind: RTM_GETADDR,
        flags: 0,
        body: vec![0; IFADDRMSG],
    };
    let bodies = Netlink::route().and_then(|mut netlink| netlink.dump(list));
    let networks = bodies.map_err(failed)?;
    Ok(networks.iter().filter_map(|body| network(body)).collect())
}

fn network(body: &[u8]) -> Option<IpNet> {
    let prefix = *body.get(1)?;
    let attributes = Parsed::parse(body.get(IFADDRMSG..)?).ok()?;
    let bytes = attributes
        .bytes(IFA_LOCAL)
        .or_else(|| attributes.bytes(IFA_ADDRESS))?;
    let ip = match bytes.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
        _ => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
    };
    let link_local = match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    let network = IpNet::new(ip, prefix).ok()?;
    (!ip.is_loopback() && !link_local).then_some(network)
}

/// # Errors
/// [`CaptureError::OwnAddress`] where a range holds an address of the pod itself, or the kernel does not
/// say which these are.
pub(super) fn refuse_own(ranges: &[VirtualRange]) -> Result<(), CaptureError> {
    let own = own_networks()?;
    let caught = ranges.iter().find_map(|range| {
        let mut own = own.iter().map(IpNet::addr);
        let address = own.find(|address| range.network().contains(address))?;
        Some((*range, address))
    });
    match caught {
        Some((range, address)) => Err(CaptureError::OwnAddress { range, address }),
        None => Ok(()),
    }
}

/// What is wrong with ranges that share addresses with a network of the pod.
pub(super) fn problems(ranges: &[VirtualRange]) -> Result<Vec<String>, CaptureError> {
    let own = own_networks()?;
    let shared = ranges.iter().filter_map(|range| {
        let network = range.network();
        let shares = |own: &&IpNet| own.contains(&network) || network.contains(&own.trunc());
        let own = own.iter().find(shares)?;
        Some(format!(
            "{range} shares addresses with the pod's own network, {own}: what the pod says to those of \
             its neighbours goes to the shim, which knows none of them; give a --range that no pod has"
        ))
    });
    Ok(shared.collect())
}
