//! Links, addresses and routes of one network namespace.

use std::fs::File;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd;

use ipnet::IpNet;
use rtnetlink::packet_route::AddressFamily;
use rtnetlink::packet_route::address::{AddressHeaderFlags, AddressMessage};
use rtnetlink::packet_route::link::{InfoData, InfoVeth};
use rtnetlink::packet_route::neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage};
use rtnetlink::{
    AddressMessageBuilder, Error, Handle, LinkBridge, LinkUnspec, LinkVeth, RouteMessageBuilder,
};
use tokio::runtime;

use super::plan::Route;

/// The number of an interface in its namespace. The stage chooses all of them, so that none has
/// to be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interface(pub(super) u32);

impl Interface {
    /// `lo`, in every namespace.
    pub(super) const LOOPBACK: Self = Self(1);
}

/// A netlink socket of the network namespace that the thread was in when it was made.
#[derive(Debug, Clone)]
pub(super) struct Netlink(Handle);

impl Netlink {
    /// Opens a socket in the calling thread's network namespace; `runtime` drives it.
    pub(super) fn here(runtime: &runtime::Handle) -> io::Result<Self> {
        let _entered = runtime.enter();
        let (connection, handle, _) = rtnetlink::new_connection()?;
        runtime.spawn(connection);
        Ok(Self(handle))
    }

    pub(super) async fn up(&self, interface: Interface) -> io::Result<()> {
        let message = LinkUnspec::new_with_index(interface.0).up().build();
        self.0
            .link()
            .change(message)
            .execute()
            .await
            .map_err(io_error)
    }

    pub(super) async fn add_bridge(&self, name: &str, interface: Interface) -> io::Result<()> {
        let message = LinkBridge::new(name).index(interface.0).build();
        self.0.link().add(message).execute().await.map_err(io_error)
    }

    /// Makes a pair of interfaces, `own` in this namespace and `other` in `namespace`.
    pub(super) async fn add_pair(
        &self,
        (own_name, own): (&str, Interface),
        (other_name, other): (&str, Interface),
        namespace: &File,
    ) -> io::Result<()> {
        let far_end = LinkUnspec::new_with_name(other_name)
            .index(other.0)
            .setns_by_fd(namespace.as_raw_fd())
            .build();
        let message = LinkVeth::new(own_name, other_name)
            .index(own.0)
            .set_info_data(InfoData::Veth(InfoVeth::Peer(far_end)))
            .build();
        self.0.link().add(message).execute().await.map_err(io_error)
    }

    /// Plugs an interface into a bridge, or out of any.
    pub(super) async fn plug(&self, port: Interface, bridge: Option<Interface>) -> io::Result<()> {
        let message = LinkUnspec::new_with_index(port.0)
            .controller(bridge.map_or(0, |bridge| bridge.0))
            .up()
            .build();
        self.0
            .link()
            .change(message)
            .execute()
            .await
            .map_err(io_error)
    }

    pub(super) async fn add_address(&self, interface: Interface, net: IpNet) -> io::Result<()> {
        let mut request = self
            .0
            .address()
            .add(interface.0, net.addr(), net.prefix_len());
        // The plan has no address twice: usable at once, without duplicate address detection.
        request.message_mut().header.flags |= AddressHeaderFlags::Nodad;
        request.execute().await.map_err(io_error)
    }

    pub(super) async fn delete_address(&self, interface: Interface, net: IpNet) -> io::Result<()> {
        let message = address_message(interface, net);
        self.0
            .address()
            .del(message)
            .execute()
            .await
            .map_err(io_error)
    }

    pub(super) async fn add_route(&self, route: Route) -> io::Result<()> {
        let (to, via) = (route.to.trunc(), route.via);
        let message = RouteMessageBuilder::<IpAddr>::new()
            .destination_prefix(to.addr(), to.prefix_len())
            .and_then(|message| message.gateway(via))
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?
            .build();
        self.0
            .route()
            .add(message)
            .execute()
            .await
            .map_err(io_error)
    }

    /// Drops what was learnt about who has `address`, if anything was.
    pub(super) async fn forget_neighbour(&self, on: Interface, address: IpAddr) -> io::Result<()> {
        let (family, destination) = match address {
            IpAddr::V4(v4) => (AddressFamily::Inet, NeighbourAddress::Inet(v4)),
            IpAddr::V6(v6) => (AddressFamily::Inet6, NeighbourAddress::Inet6(v6)),
        };
        let mut message = NeighbourMessage::default();
        message.header.family = family;
        message.header.ifindex = on.0;
        message.attributes = vec![NeighbourAttribute::Destination(destination)];
        match self
            .0
            .neighbours()
            .del(message)
            .execute()
            .await
            .map_err(io_error)
        {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn address_message(interface: Interface, net: IpNet) -> AddressMessage {
    match net {
        IpNet::V4(net) => AddressMessageBuilder::<Ipv4Addr>::new()
            .index(interface.0)
            .address(net.addr(), net.prefix_len())
            .build(),
        IpNet::V6(net) => AddressMessageBuilder::<Ipv6Addr>::new()
            .index(interface.0)
            .address(net.addr(), net.prefix_len())
            .build(),
    }
}

fn io_error(error: Error) -> io::Error {
    match error {
        Error::NetlinkError(message) => message.to_io(),
        other => io::Error::other(other),
    }
}
