//! A UDP socket that answers from the address that was asked.
//!
//! A socket bound to all addresses sends from the one that the route to the client prefers. Where a
//! host has several, that need not be the one that the client asked, and the client, which waits
//! for that one, drops the answer. So the kernel is asked where each question arrived (ip(7),
//! IP_PKTINFO; RFC 3542 section 6.2), and told to send the answer from there.

mod batch;

use std::{
    io::{self, IoSlice},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    os::fd::AsRawFd,
};

use nix::{
    libc,
    sys::socket::{ControlMessage, MsgFlags, SockaddrStorage, sendmsg, setsockopt, sockopt},
};
use tokio::io::{Interest, unix::AsyncFd};

pub(crate) use self::batch::Arrived;

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
    socket: AsyncFd<UdpSocket>,
    takes_all: bool,
}

impl AnsweringSocket {
    /// Of one that does not block.
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
            socket: watched(socket)?,
            takes_all: bound.is_unspecified(),
        })
    }

    /// Answers one that came between these ends.
    pub(crate) async fn send(&self, message: &[u8], ends: Ends) -> io::Result<()> {
        loop {
            match self.try_send(message, ends) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.room().await?,
                sent => return sent,
            }
        }
    }

    fn try_send(&self, message: &[u8], ends: Ends) -> io::Result<()> {
        match ends.local {
            Some(local) => self.send_from(message, ends.peer, local),
            None => self.socket.get_ref().send_to(message, ends.peer).map(drop),
        }
    }

    /// Until there may be room for an answer: seldom waited for.
    async fn room(&self) -> io::Result<()> {
        let same = self.socket.get_ref().try_clone()?;
        tokio::net::UdpSocket::from_std(same)?.writable().await
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

/// For reading alone. Tokio's own socket is told of room for writing too, and each answer that has
/// been sent makes room: a second wake-up for each question.
#[expect(
    deprecated,
    reason = "unsound for types that change their descriptor; what replaces it is unsafe for all"
)]
fn watched(socket: UdpSocket) -> io::Result<AsyncFd<UdpSocket>> {
    AsyncFd::with_interest(socket, Interest::READABLE)
}
