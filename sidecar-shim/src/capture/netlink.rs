//! Netlink requests and their answers, over one socket. No message's meaning.

mod framing;

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send,
    socket_with,
};

pub(super) use self::framing::Request;
use self::framing::{Message, NLM_F_ACK, refusal, split};

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_DUMP_INTERRUPTED: u16 = 0x10;
const NLM_F_DUMP: u16 = 0x300;
/// `NLM_F_CREATE`.
pub(super) const CREATE: u16 = 0x400;
/// `NLM_F_APPEND`.
pub(super) const APPEND: u16 = 0x800;
/// `NLM_F_REPLACE`.
pub(super) const REPLACE: u16 = 0x100;

/// The kernel answers while it handles the request; this only ends a wait for an answer lost.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// A dump is begun again if the rules changed while it ran.
const DUMP_ATTEMPTS: usize = 8;

/// Why a request had no proper answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NetlinkError {
    /// The kernel refused one of the requests, counted from 0.
    #[error("request {request}: {errno}")]
    Refused { request: usize, errno: Errno },
    /// The socket failed.
    #[error("netlink socket: {0}")]
    Socket(#[from] Errno),
    /// A list changed while it was read.
    #[error("the kernel's list changed at every attempt to read it")]
    Interrupted,
    /// The answer does not follow the layout.
    #[error("the kernel's answer is cut short")]
    CutShort,
}

/// A netlink socket.
#[derive(Debug)]
pub(super) struct Netlink {
    socket: OwnedFd,
    sequence: u32,
}

impl Netlink {
    /// A socket to nfnetlink, through which nf_tables is reached.
    pub(super) fn netfilter() -> Result<Self, NetlinkError> {
        Self::open(Some(netlink::NETFILTER))
    }

    /// A socket to rtnetlink: routes.
    pub(super) fn route() -> Result<Self, NetlinkError> {
        Self::open(None)
    }

    fn open(protocol: Option<Protocol>) -> Result<Self, NetlinkError> {
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            protocol,
        )?;
        set_socket_timeout(&socket, Timeout::Recv, Some(ANSWER_TIMEOUT))?;
        Ok(Self {
            socket,
            sequence: 0,
        })
    }

    /// Sends the requests as one datagram (one transaction, where they say so) and waits for the
    /// answer to the last of them that asks for one. Bodies of answers, in order.
    pub(super) fn exchange(&mut self, requests: &[Request]) -> Result<Vec<Vec<u8>>, NetlinkError> {
        let first = self.sequence.wrapping_add(1);
        let mut datagram = Vec::new();
        let mut awaited = first;
        for request in requests {
            self.sequence = self.sequence.wrapping_add(1);
            request.encode(self.sequence, &mut datagram);
            if request.flags & (NLM_F_ACK | NLM_F_DUMP) != 0 {
                awaited = self.sequence;
            }
        }
        send(&self.socket, &datagram, SendFlags::empty())?;

        let mut bodies = Vec::new();
        let mut interrupted = false;
        loop {
            for message in self.receive()? {
                interrupted |= message.flags & NLM_F_DUMP_INTERRUPTED != 0;
                let end = matches!(message.kind, NLMSG_ERROR | NLMSG_DONE);
                if let (true, Some(errno)) = (end, refusal(&message.body)) {
                    let request = message.sequence.wrapping_sub(first) as usize;
                    return Err(NetlinkError::Refused { request, errno });
                }
                if !end {
                    bodies.push(message.body);
                } else if message.sequence == awaited && interrupted {
                    return Err(NetlinkError::Interrupted);
                } else if message.sequence == awaited {
                    return Ok(bodies);
                }
            }
        }
    }

    /// Asks for a list, again if it changed while it was being read.
    pub(super) fn dump(&mut self, mut request: Request) -> Result<Vec<Vec<u8>>, NetlinkError> {
        request.flags |= NLM_F_DUMP;
        for _ in 0..DUMP_ATTEMPTS {
            match self.exchange(std::slice::from_ref(&request)) {
                Err(NetlinkError::Interrupted) => {}
                other => return other,
            }
        }
        Err(NetlinkError::Interrupted)
    }

    fn receive(&self) -> Result<Vec<Message>, NetlinkError> {
        // The kernel sizes a dump's datagrams by the reader's buffer, up to 32 KiB.
        let mut buffer = vec![0; 64 * 1024];
        let (length, _) =
            rustix::io::retry_on_intr(|| recv(&self.socket, &mut buffer[..], RecvFlags::empty()))?;
        buffer.truncate(length);
        split(&buffer)
    }
}
