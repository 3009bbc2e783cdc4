//! Netlink requests and their answers, over one socket. Framing only; no message's meaning.
//!
//! Layout: `struct nlmsghdr` and `struct nlmsgerr` in the kernel's `include/uapi/linux/netlink.h`.

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send,
    socket_with,
};

/// Length of `struct nlmsghdr`.
const HEADER: usize = 16;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST: u16 = 0x01;
const NLM_F_ACK: u16 = 0x04;
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

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) kind: u16,
    /// Beyond `NLM_F_REQUEST`.
    pub(super) flags: u16,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// Ask for an acknowledgement of success too.
    pub(super) fn acknowledged(mut self) -> Self {
        self.flags |= NLM_F_ACK;
        self
    }

    fn encode(&self, sequence: u32, datagram: &mut Vec<u8>) {
        let length = u32::try_from(HEADER + self.body.len()).unwrap_or(u32::MAX);
        datagram.extend_from_slice(&length.to_ne_bytes());
        datagram.extend_from_slice(&self.kind.to_ne_bytes());
        datagram.extend_from_slice(&(self.flags | NLM_F_REQUEST).to_ne_bytes());
        datagram.extend_from_slice(&sequence.to_ne_bytes());
        datagram.extend_from_slice(&0u32.to_ne_bytes());
        datagram.extend_from_slice(&self.body);
        datagram.resize(datagram.len().next_multiple_of(4), 0);
    }
}

/// A message received.
#[derive(Debug)]
struct Message {
    kind: u16,
    flags: u16,
    sequence: u32,
    body: Vec<u8>,
}

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

/// The error that `NLMSG_ERROR` and `NLMSG_DONE` end with: a negative errno, else success.
fn refusal(body: &[u8]) -> Option<Errno> {
    let (code, _) = body.split_first_chunk()?;
    let errno = i32::from_ne_bytes(*code).checked_neg()?;
    // The range of Linux's error numbers, outside which `Errno` cannot be made.
    (1..4096)
        .contains(&errno)
        .then(|| Errno::from_raw_os_error(errno))
}

fn split(mut datagram: &[u8]) -> Result<Vec<Message>, NetlinkError> {
    let mut messages = Vec::new();
    while let [l0, l1, l2, l3, k0, k1, f0, f1, s0, s1, s2, s3, ..] = *datagram {
        let length = usize::try_from(u32::from_ne_bytes([l0, l1, l2, l3]))
            .map_err(|_| NetlinkError::CutShort)?;
        messages.push(Message {
            kind: u16::from_ne_bytes([k0, k1]),
            flags: u16::from_ne_bytes([f0, f1]),
            sequence: u32::from_ne_bytes([s0, s1, s2, s3]),
            body: datagram
                .get(HEADER..length)
                .ok_or(NetlinkError::CutShort)?
                .to_vec(),
        });
        datagram = datagram
            .get(length.next_multiple_of(4)..)
            .unwrap_or_default();
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_a_datagram_into_its_messages() {
        let mut datagram = Vec::new();
        for (sequence, body) in [(1, vec![1, 2, 3]), (2, vec![4])] {
            Request {
                kind: 42,
                flags: 0,
                body,
            }
            .encode(sequence, &mut datagram);
        }
        let messages = split(&datagram).unwrap();
        let seen: Vec<_> = messages
            .iter()
            .map(|m| (m.kind, m.sequence, &m.body[..]))
            .collect();
        assert_eq!(seen, [(42, 1, &[1, 2, 3][..]), (42, 2, &[4][..])]);
    }

    #[test]
    fn refuses_a_message_longer_than_its_datagram() {
        let mut datagram = Vec::new();
        Request {
            kind: 42,
            flags: 0,
            body: vec![1, 2, 3, 4],
        }
        .encode(1, &mut datagram);
        datagram.truncate(18);
        assert!(matches!(split(&datagram), Err(NetlinkError::CutShort)));
    }

    #[test]
    fn refuses_a_message_shorter_than_its_header() {
        assert!(matches!(split(&[0; 16]), Err(NetlinkError::CutShort)));
    }

    #[test]
    fn takes_a_negative_errno_for_a_refusal() {
        assert_eq!(refusal(&(-1i32).to_ne_bytes()), Some(Errno::PERM));
    }

    #[test]
    fn takes_any_other_code_for_success() {
        for code in [0, 1, i32::MAX, i32::MIN, -4096] {
            assert_eq!(refusal(&code.to_ne_bytes()), None, "{code}");
        }
        assert_eq!(refusal(&[]), None);
    }
}
