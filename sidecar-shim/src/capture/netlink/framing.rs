//! Netlink messages as bytes.
//!
//! Layout: `struct nlmsghdr` and `struct nlmsgerr` in the kernel's `include/uapi/linux/netlink.h`.

use rustix::io::Errno;

use super::NetlinkError;

/// Length of `struct nlmsghdr`.
const HEADER: usize = 16;
const NLM_F_REQUEST: u16 = 0x01;
pub(super) const NLM_F_ACK: u16 = 0x04;

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::capture) struct Request {
    pub(in crate::capture) kind: u16,
    /// Beyond `NLM_F_REQUEST`.
    pub(in crate::capture) flags: u16,
    pub(in crate::capture) body: Vec<u8>,
}

impl Request {
    /// Ask for an acknowledgement of success too.
    pub(in crate::capture) fn acknowledged(mut self) -> Self {
        self.flags |= NLM_F_ACK;
        self
    }

    pub(super) fn encode(&self, sequence: u32, datagram: &mut Vec<u8>) {
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
pub(super) struct Message {
    pub(super) kind: u16,
    pub(super) flags: u16,
    pub(super) sequence: u32,
    pub(super) body: Vec<u8>,
}

/// The error that `NLMSG_ERROR` and `NLMSG_DONE` end with: a negative errno, else success.
pub(super) fn refusal(body: &[u8]) -> Option<Errno> {
    let (code, _) = body.split_first_chunk()?;
    let errno = i32::from_ne_bytes(*code).checked_neg()?;
    // The range of Linux's error numbers, outside which `Errno` cannot be made.
    (1..4096)
        .contains(&errno)
        .then(|| Errno::from_raw_os_error(errno))
}

pub(super) fn split(mut datagram: &[u8]) -> Result<Vec<Message>, NetlinkError> {
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
