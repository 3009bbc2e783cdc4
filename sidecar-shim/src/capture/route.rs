//! Routes to the virtual IPs. The kernel picks a route before it asks any rule, so without one
//! an app's connect ends with ENETUNREACH however good the rules are.
//!
//! Layout: `struct rtmsg` in the kernel's `include/uapi/linux/rtnetlink.h`.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;
use rustix::io::Errno;

use super::attribute::{Attributes, Parsed};
use super::error::CaptureError;
use super::netlink::{CREATE, Netlink, NetlinkError, REPLACE, Request};
use super::range::VirtualRange;

const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
const RTM_GETROUTE: u16 = 26;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const RTN_UNICAST: u8 = 1;
const RTN_LOCAL: u8 = 2;
const RT_TABLE_MAIN: u8 = 254;
const RT_SCOPE_LINK: u8 = 253;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_PREFSRC: u16 = 7;
/// The loopback device has index 1 in every network namespace.
const LOOPBACK: u32 = 1;
/// `rtm_protocol` of routes laid here, by which they are found again; iproute2's `rt_protos`
/// assigns it to nobody.
const PROTOCOL: u8 = 153;

/// Where the kernel sends packets for an address.
#[derive(Debug)]
pub enum Reachability {
    /// Out of some interface: the rules are asked on the way.
    Routed,
    /// To this network namespace itself. Without the rules, a virtual IP would reach whatever
    /// listens here on that port, e.g. the pod's own mysqld.
    Local,
    /// Nowhere: connect fails at once with this error.
    Unroutable(io::Error),
}

/// Where the kernel would send packets for the first address of `range`.
///
/// # Errors
/// [`CaptureError`], if the kernel cannot be asked.
pub fn reachability(range: VirtualRange) -> Result<Reachability, CaptureError> {
    let network = range.network();
    let address = network.hosts().next().unwrap_or_else(|| network.network());
    let (family, prefix) = if address.is_ipv4() {
        (AF_INET, 32)
    } else {
        (AF_INET6, 128)
    };
    let header = RouteHeader {
        family,
        prefix,
        ..RouteHeader::default()
    };
    let request = header
        .request(RTM_GETROUTE, &destination(address))
        .acknowledged();
    match Netlink::route().and_then(|mut netlink| netlink.exchange(&[request])) {
        Ok(bodies) => Ok(
            match bodies.first().and_then(|body| RouteHeader::read(body)) {
                Some(RouteHeader {
                    kind: RTN_LOCAL, ..
                }) => Reachability::Local,
                Some(RouteHeader {
                    kind: RTN_UNICAST, ..
                }) => Reachability::Routed,
                // Blackhole, unreachable, prohibit.
                _ => Reachability::Unroutable(Errno::NETUNREACH.into()),
            },
        ),
        Err(NetlinkError::Refused { errno, .. }) => Ok(Reachability::Unroutable(errno.into())),
        Err(error) => Err(CaptureError::from_netlink(
            format!("looking up the route to {address}"),
            error,
        )),
    }
}

/// Lays a unicast route to `range` by the loopback device: enough for the rules to be asked.
/// Never a `local` one: that would take virtual IPs to the pod's own listeners.
///
/// IPv4 only: the kernel turns an IPv6 unicast route by loopback into one that rejects.
///
/// # Errors
/// [`CaptureError`], if the kernel refuses.
pub fn lay_route(range: Ipv4Net) -> Result<(), CaptureError> {
    // A pod of IPv6 alone has no other address of IPv4, and what is sent from none is not answered.
    let from = Attributes::new().bytes(RTA_PREFSRC, &Ipv4Addr::LOCALHOST.octets());
    let mut request = by_loopback(range).acknowledged();
    request.body.extend_from_slice(from.as_bytes());
    request.flags |= CREATE | REPLACE;
    Netlink::route()
        .and_then(|mut netlink| netlink.exchange(&[request]))
        .map(drop)
        .map_err(|error| CaptureError::from_netlink(format!("laying a route to {range}"), error))
}

/// Removes the routes that [`lay_route`] laid, and no others; which these were.
///
/// # Errors
/// [`CaptureError`], if the kernel refuses.
pub fn remove_routes() -> Result<Vec<Ipv4Net>, CaptureError> {
    let failed = |error| CaptureError::from_netlink("removing routes to virtual IPs", error);
    let mut netlink = Netlink::route().map_err(failed)?;
    let all = RouteHeader {
        family: AF_INET,
        ..RouteHeader::default()
    };
    let routes = netlink
        .dump(all.request(RTM_GETROUTE, &Attributes::new()))
        .map_err(failed)?;
    let laid: Vec<Ipv4Net> = routes.iter().filter_map(|body| laid_here(body)).collect();
    for range in &laid {
        let request = Request {
            kind: RTM_DELROUTE,
            ..by_loopback(*range)
        }
        .acknowledged();
        netlink.exchange(&[request]).map_err(failed)?;
    }
    Ok(laid)
}

fn by_loopback(range: Ipv4Net) -> Request {
    let header = RouteHeader {
        family: AF_INET,
        prefix: range.prefix_len(),
        table: RT_TABLE_MAIN,
        protocol: PROTOCOL,
        scope: RT_SCOPE_LINK,
        kind: RTN_UNICAST,
    };
    let attributes =
        destination(IpAddr::V4(range.network())).bytes(RTA_OIF, &LOOPBACK.to_ne_bytes());
    header.request(RTM_NEWROUTE, &attributes)
}

fn laid_here(body: &[u8]) -> Option<Ipv4Net> {
    let header = RouteHeader::read(body)?;
    let attributes = Parsed::parse(body.get(RouteHeader::LENGTH..)?).ok()?;
    if (header.protocol, header.kind, header.table) != (PROTOCOL, RTN_UNICAST, RT_TABLE_MAIN) {
        return None;
    }
    let network = <[u8; 4]>::try_from(attributes.bytes(RTA_DST)?).ok()?;
    Ipv4Net::new(Ipv4Addr::from(network), header.prefix).ok()
}

fn destination(address: IpAddr) -> Attributes {
    match address {
        IpAddr::V4(v4) => Attributes::new().bytes(RTA_DST, &v4.octets()),
        IpAddr::V6(v6) => Attributes::new().bytes(RTA_DST, &v6.octets()),
    }
}

/// The parts of `struct rtmsg` that are used here.
#[derive(Debug, Default)]
struct RouteHeader {
    family: u8,
    prefix: u8,
    table: u8,
    protocol: u8,
    scope: u8,
    kind: u8,
}

impl RouteHeader {
    const LENGTH: usize = 12;

    fn request(&self, kind: u16, attributes: &Attributes) -> Request {
        let mut body = vec![self.family, self.prefix, 0, 0];
        body.extend_from_slice(&[self.table, self.protocol, self.scope, self.kind]);
        body.extend_from_slice(&[0; 4]);
        body.extend_from_slice(attributes.as_bytes());
        Request {
            kind,
            flags: 0,
            body,
        }
    }

    fn read(body: &[u8]) -> Option<Self> {
        let [family, prefix, _, _, table, protocol, scope, kind, ..] = *body else {
            return None;
        };
        Some(Self {
            family,
            prefix,
            table,
            protocol,
            scope,
            kind,
        })
    }
}
