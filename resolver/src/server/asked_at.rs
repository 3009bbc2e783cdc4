//! A UDP socket that answers from the address that was asked.
//!
//! A socket bound to all addresses sends from the one that the route to the client prefers. Where a
//! host has several, that need not be the one that the client asked, and the client, which waits
//! for that one, drops the answer. So the kernel is asked where each question arrived (ip(7),
//! IP_PKTINFO; RFC 3542 section 6.2), and told to send the answer from there.

use std::{
    io::{self, IoSlice, IoSliceMut},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::fd::AsRawFd,
};

use nix::{
    cmsg_space, libc,
    sys::socket::{
        ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg,
        setsockopt, sockopt,
    },
};
use tokio::{io::Interest, net::UdpSocket};

/// The two ends of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ends {
    pub(crate) peer: SocketAddr,
    /// Where it arrived, if the socket is bound to all addresses.
    local: Option<IpAddr>,
}

/// A bound socket.
#[derive(Debug)]
pub(crate) struct AnsweringSocket {
    socket: UdpSocket,
    takes_all: bool,
}

impl AnsweringSocket {
    pub(crate) fn new(socket: UdpSocket) -> io::Result<Self> {
        let bound = socket.local_addr()?.ip();
        match bound {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => {
                setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
            }
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => {
                setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
            }
            IpAddr::V4(_) | IpAddr::V6(_) => {}
        }
        Ok(Self {
            socket,
            takes_all: bound.is_unspecified(),
        })
    }

    /// The next datagram, and how long it is.
    pub(crate) async fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, Ends)> {
        if self.takes_all {
            let receive = || self.receive_with_arrival(buffer);
            return self.socket.async_io(Interest::READABLE, receive).await;
        }
        let (length, peer) = self.socket.recv_from(buffer).await?;
        Ok((length, Ends { peer, local: None }))
    }

    /// Answers one that came between these ends.
    pub(crate) async fn send(&self, message: &[u8], ends: Ends) -> io::Result<()> {
        let Some(local) = ends.local else {
            return self.socket.send_to(message, ends.peer).await.map(drop);
        };
        let send = || self.send_from(message, ends.peer, local);
        self.socket.async_io(Interest::WRITABLE, send).await
    }

    fn receive_with_arrival(&self, buffer: &mut [u8]) -> io::Result<(usize, Ends)> {
        let mut place = [IoSliceMut::new(buffer)];
        let mut space = cmsg_space!(libc::in6_pktinfo);
        let received = recvmsg::<SockaddrStorage>(
            self.socket.as_raw_fd(),
            &mut place,
            Some(&mut space),
            MsgFlags::empty(),
        )?;
        let local = received.cmsgs()?.find_map(arrival);
        let peer = received.address.as_ref().and_then(socket_address);
        let peer = peer.ok_or_else(|| io::Error::other("a datagram without a sender"))?;
        Ok((received.bytes, Ends { peer, local }))
    }

    fn send_from(&self, message: &[u8], peer: SocketAddr, local: IpAddr) -> io::Result<()> {
        let to = SockaddrStorage::from(peer);
        let (v4, v6);
        let from = match local {
            IpAddr::V4(local) => {
                v4 = libc::in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: libc::in_addr {
                        s_addr: u32::from_ne_bytes(local.octets()),
                    },
                    ipi_addr: libc::in_addr { s_addr: 0 },
                };
                ControlMessage::Ipv4PacketInfo(&v4)
            }
            IpAddr::V6(local) => {
                v6 = libc::in6_pktinfo {
                    ipi6_addr: libc::in6_addr {
                        s6_addr: local.octets(),
                    },
                    ipi6_ifindex: 0,
                };
                ControlMessage::Ipv6PacketInfo(&v6)
            }
        };
        let message = [IoSlice::new(message)];
        let socket = self.socket.as_raw_fd();
        sendmsg(socket, &message, &[from], MsgFlags::empty(), Some(&to))?;
        Ok(())
    }
}

/// The address at which a datagram arrived. For a broadcast that is not the one it was sent to.
fn arrival(about: ControlMessageOwned) -> Option<IpAddr> {
    match about {
        ControlMessageOwned::Ipv4PacketInfo(info) => {
            Some(Ipv4Addr::from(info.ipi_spec_dst.s_addr.to_ne_bytes()).into())
        }
        ControlMessageOwned::Ipv6PacketInfo(info) => {
            Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).into())
        }
        _ => None,
    }
}

fn socket_address(address: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = address
        .as_sockaddr_in()
        .map(|&v4| SocketAddr::V4(v4.into()));
    v4.or_else(|| {
        address
            .as_sockaddr_in6()
            .map(|&v6| SocketAddr::V6(v6.into()))
    })
}
