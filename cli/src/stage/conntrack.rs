//! Connection tracking of a host, flushed as `conntrack -F` does: `eastwest stage-forget-flows`.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use anyhow::Context;
use socket2::{Domain, Protocol, Socket, Type};

/// `AF_NETLINK` and `NETLINK_NETFILTER` (linux/socket.h, linux/netlink.h).
const NETLINK: i32 = 16;
const NETFILTER: i32 = 12;
/// `NFNL_SUBSYS_CTNETLINK` and `IPCTNL_MSG_CT_DELETE` (linux/netfilter/nfnetlink.h and
/// nfnetlink_conntrack.h): without a tuple, all of the table.
const DELETE: u16 = (1 << 8) | 2;
/// `NLM_F_REQUEST | NLM_F_ACK`.
const FLAGS: u16 = 1 | 4;
/// `NLMSG_ERROR`, which carries an acknowledgement too, with the error 0.
const ACKNOWLEDGED: u16 = 2;
/// `struct nlmsghdr` and `struct nfgenmsg`.
const LENGTH: u32 = 16 + 4;

/// Flushes the table of the network namespace that this is run in.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    flush().context("flushing connection tracking")?;
    Ok(ExitCode::SUCCESS)
}

fn flush() -> io::Result<()> {
    let mut socket = Socket::new(
        Domain::from(NETLINK),
        Type::RAW,
        Some(Protocol::from(NETFILTER)),
    )?;
    socket.write_all(&request())?;
    let mut answer = [0; 256];
    let n = socket.read(&mut answer)?;
    match outcome(answer.get(..n).unwrap_or_default()) {
        Some(0) => Ok(()),
        Some(error) => Err(io::Error::from_raw_os_error(-error)),
        None => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Netlink is in the machine's own byte order.
fn request() -> Vec<u8> {
    let mut message = Vec::new();
    message.extend(LENGTH.to_ne_bytes());
    message.extend(DELETE.to_ne_bytes());
    message.extend(FLAGS.to_ne_bytes());
    // The sequence number and the sender, then family, version and resource: all, 0, 0.
    message.extend([0; 8]);
    message.extend([0; 4]);
    message
}

/// The error number of an acknowledgement, negative where there is an error.
fn outcome(answer: &[u8]) -> Option<i32> {
    let kind = answer.get(4..6)?.try_into().ok().map(u16::from_ne_bytes)?;
    let error = answer.get(16..20)?.try_into().ok()?;
    (kind == ACKNOWLEDGED).then(|| i32::from_ne_bytes(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(kind: u16, error: i32) -> Vec<u8> {
        let mut answer = vec![0; 36];
        answer[4..6].copy_from_slice(&kind.to_ne_bytes());
        answer[16..20].copy_from_slice(&error.to_ne_bytes());
        answer
    }

    #[test]
    fn a_request_is_as_long_as_it_says() {
        assert_eq!(request().len(), usize::try_from(LENGTH).unwrap());
    }

    #[test]
    fn what_the_kernel_answers_is_told_apart() {
        assert_eq!(outcome(&answer(ACKNOWLEDGED, 0)), Some(0));
        assert_eq!(outcome(&answer(ACKNOWLEDGED, -1)), Some(-1));
        assert_eq!(outcome(&answer(3, 0)), None);
        assert_eq!(outcome(&[0; 7]), None);
    }
}
