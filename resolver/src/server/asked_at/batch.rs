//! Many datagrams at a system call, where many have come: under load the calls are what an answer
//! costs.

#[cfg(test)]
mod tests;

use std::{
    io::{self, IoSlice, IoSliceMut},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::fd::AsRawFd,
};

use nix::{
    cmsg_space, libc,
    sys::socket::{ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg},
};
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, SocketAddrAny, sendmmsg};

use crate::server::asked_at::{AnsweringSocket, Ends};

/// More than any question has: the largest that EDNS clients are told to send is 1232.
const LARGEST_QUESTION: usize = 4096;

/// Datagrams received at a time. With twice as many an answer costs the same.
const AT_ONCE: usize = 32;

/// Datagrams that arrived together.
pub(crate) struct Arrived {
    buffers: Vec<[u8; LARGEST_QUESTION]>,
    /// How long each is and where it came from, as far as that is known.
    heads: Vec<Option<(usize, Ends)>>,
}

impl Arrived {
    /// Room for some. It takes memory once they come.
    pub(crate) fn new() -> Self {
        Self {
            buffers: vec![[0; LARGEST_QUESTION]; AT_ONCE],
            heads: Vec::with_capacity(AT_ONCE),
        }
    }

    /// As many as there was room for: more may be waiting.
    pub(crate) fn is_full(&self) -> bool {
        self.heads.len() == self.buffers.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], Ends)> {
        let datagrams = self.buffers.iter().zip(&self.heads);
        datagrams.filter_map(|(buffer, &head)| {
            let (length, ends) = head?;
            Some((buffer.get(..length)?, ends))
        })
    }
}

impl AnsweringSocket {
    /// The next datagrams, in place of those from before.
    pub(crate) async fn receive(&self, arrived: &mut Arrived) -> io::Result<()> {
        loop {
            let mut ready = self.socket.readable().await?;
            match self.try_receive(arrived) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.clear_ready(),
                Err(error) => return Err(error),
                Ok(()) => {
                    // There was no other when the last was taken; the next will wake us.
                    if !arrived.is_full() {
                        ready.clear_ready();
                    }
                    return Ok(());
                }
            }
        }
    }

    fn try_receive(&self, arrived: &mut Arrived) -> io::Result<()> {
        let Arrived { buffers, heads } = arrived;
        heads.clear();
        let space = self.takes_all.then(|| cmsg_space!(libc::in6_pktinfo));
        // New each time: the kernel writes into them how much room it took, and nothing undoes that.
        let mut headers = MultiHeaders::<SockaddrStorage>::preallocate(buffers.len(), space);
        let mut places: Vec<_> = buffers
            .iter_mut()
            .map(|buffer| [IoSliceMut::new(buffer)])
            .collect();
        let received = recvmmsg(
            self.socket.as_raw_fd(),
            &mut headers,
            &mut places,
            MsgFlags::MSG_DONTWAIT,
            None,
        )?;
        heads.extend(received.map(|datagram| {
            let local = datagram.cmsgs().ok()?.find_map(arrival);
            let peer = socket_address(&datagram.address?)?;
            Some((datagram.bytes, Ends { peer, local }))
        }));
        Ok(())
    }

    /// Sends answers, each of which came between its ends. One that can't be sent is passed over.
    pub(crate) async fn send_all<M: AsRef<[u8]>>(&self, answers: &[(M, Ends)]) -> io::Result<()> {
        let mut left = answers;
        while let [(message, ends), rest @ ..] = left {
            let sent = match rest {
                // A row has room for no address to send from.
                [_, ..] if !self.takes_all => self.try_send_row(left),
                _ => self.try_send(message.as_ref(), *ends).map(|()| 1),
            };
            let done = match sent {
                Ok(sent) => sent.max(1),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.room().await?;
                    0
                }
                Err(error) => {
                    tracing::debug!(client = %ends.peer, %error, "answer not sent");
                    1
                }
            };
            left = left.get(done..).unwrap_or_default();
        }
        Ok(())
    }

    /// How many were sent: the first of those left can't be.
    fn try_send_row<M: AsRef<[u8]>>(&self, answers: &[(M, Ends)]) -> io::Result<usize> {
        let places: Vec<_> = answers
            .iter()
            .map(|(message, _)| [IoSlice::new(message.as_ref())])
            .collect();
        let peers: Vec<_> = answers
            .iter()
            .map(|(_, ends)| SocketAddrAny::from(ends.peer))
            .collect();
        let mut nothing: Vec<_> = answers
            .iter()
            .map(|_| SendAncillaryBuffer::default())
            .collect();
        let row = peers.iter().zip(&places).zip(&mut nothing);
        let mut row: Vec<_> = row
            .map(|((peer, place), nothing)| MMsgHdr::new_with_addr(peer, place, nothing))
            .collect();
        Ok(sendmmsg(
            self.socket.get_ref(),
            &mut row,
            SendFlags::empty(),
        )?)
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
