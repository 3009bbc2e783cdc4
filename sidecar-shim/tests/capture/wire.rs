//! Every packet of the namespace, seen from outside all rules.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::os::fd::OwnedFd;
use std::time::Duration;

use eastwest_shim::capture::{DEFAULT_RANGES, VirtualRange};
use rustix::net::{AddressFamily, Protocol, RecvFlags, SocketFlags, SocketType, recv, socket_with};

use crate::pod::{at, dial};

/// `ETH_P_ALL`: all protocols, both directions, on all interfaces.
const ALL_PROTOCOLS: u16 = 0x0003;
const ETHERTYPE_IPV4: [u8; 2] = [0x08, 0x00];
const ETHERTYPE_IPV6: [u8; 2] = [0x86, 0xdd];

/// A watch on all interfaces, from its making on.
pub(crate) struct Wire(OwnedFd);

impl Wire {
    pub(crate) fn watch() -> Self {
        let protocol = NonZeroU32::new(ALL_PROTOCOLS.to_be().into()).unwrap();
        let socket = socket_with(
            AddressFamily::PACKET,
            SocketType::RAW,
            SocketFlags::NONBLOCK | SocketFlags::CLOEXEC,
            Some(Protocol::from_raw(protocol)),
        );
        Self(socket.unwrap())
    }

    /// The virtual IPs that packets went to since it was last asked.
    pub(crate) fn virtual_ips(&self) -> Vec<IpAddr> {
        let ranges = DEFAULT_RANGES.map(|range| range.parse::<VirtualRange>().unwrap().network());
        let mut destinations = self.packets_to();
        destinations.retain(|ip| ranges.iter().any(|range| range.contains(ip)));
        destinations
    }

    /// Whether a packet went to this address since it was last asked.
    pub(crate) fn went_to(&self, ip: IpAddr) -> bool {
        self.packets_to().contains(&ip)
    }

    fn packets_to(&self) -> Vec<IpAddr> {
        let mut frame = [0; 2048];
        let frames = std::iter::from_fn(|| {
            let (length, _) = recv(&self.0, &mut frame[..], RecvFlags::empty()).ok()?;
            Some(destination(&frame[..length]))
        });
        frames.flatten().collect()
    }
}

/// Dials `ip`, and sees the packet leave for it.
pub(crate) async fn assert_leaves_the_pod(ip: &str) {
    assert_leaves_the_pod_for(at(ip, 3306)).await;
}

/// The same for any port.
pub(crate) async fn assert_leaves_the_pod_for(to: SocketAddr) {
    let wire = Wire::watch();
    let dialling = tokio::spawn(dial(to));
    while !wire.went_to(to.ip()) {
        assert!(!dialling.is_finished(), "{to} was not seen on the wire");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    dialling.abort();
}

/// Destination of an IP packet in an Ethernet frame.
fn destination(frame: &[u8]) -> Option<IpAddr> {
    let packet = frame.get(14..)?;
    match frame.get(12..14)?.try_into().ok()? {
        ETHERTYPE_IPV4 => {
            Some(Ipv4Addr::from(<[u8; 4]>::try_from(packet.get(16..20)?).ok()?).into())
        }
        ETHERTYPE_IPV6 => {
            Some(Ipv6Addr::from(<[u8; 16]>::try_from(packet.get(24..40)?).ok()?).into())
        }
        _ => None,
    }
}
