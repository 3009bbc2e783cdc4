//! What the kernel knows of a connection's other end (`TCP_INFO`, tcp(7)).

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use nix::libc;
use nix::sys::socket::GetSockOpt;
use nix::{getsockopt_impl, sockopt_impl};

/// Bytes of `struct tcp_info` (linux/tcp.h) up to and with `tcpi_data_segs_out`: Linux 4.6 and newer.
const LENGTH: usize = 160;

sockopt_impl!(
    /// The structure as bytes: no type of another crate has all of these fields.
    Info,
    GetOnly,
    libc::IPPROTO_TCP,
    libc::TCP_INFO,
    [u8; LENGTH]
);

/// `TCP_CLOSE` of net/tcp_states.h.
const CLOSED: u8 = 7;

/// What the kernel knows of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpInfo {
    /// It is over: by a reset, or because the kernel has given up.
    pub closed: bool,
    /// The peer has not acknowledged all that was sent.
    pub unacknowledged: bool,
    /// Questions for room (zero-window probes) that the peer has not answered, in a row.
    pub unanswered: u8,
    /// Something waits to be sent.
    pub queued: bool,
    /// Since the peer has acknowledged anything.
    pub silent: Duration,
}

impl TcpInfo {
    /// Asks the kernel.
    ///
    /// # Errors
    /// When this is no TCP socket.
    pub fn of(socket: &impl AsFd) -> io::Result<Self> {
        Ok(Self::parse(&Info.get(socket)?))
    }

    fn parse(info: &[u8; LENGTH]) -> Self {
        let word = |at: usize| {
            let mut word = [0; 4];
            word.copy_from_slice(&info[at..at + 4]);
            u32::from_ne_bytes(word)
        };
        let (state, probes) = (info[0], info[3]);
        let (unacknowledged, last_ack, not_sent) = (word(24), word(56), word(144));
        Self {
            closed: state == CLOSED,
            unacknowledged: unacknowledged > 0,
            unanswered: probes,
            queued: not_sent > 0,
            silent: Duration::from_millis(last_ack.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::mem::offset_of;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn the_fields_are_where_the_c_library_has_them() {
        assert_eq!(offset_of!(libc::tcp_info, tcpi_state), 0);
        assert_eq!(offset_of!(libc::tcp_info, tcpi_probes), 3);
        assert_eq!(offset_of!(libc::tcp_info, tcpi_unacked), 24);
        assert_eq!(offset_of!(libc::tcp_info, tcpi_last_ack_recv), 56);
    }

    #[test]
    fn a_peer_that_does_not_read_owes_no_acknowledgement() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (_far, _) = listener.accept().unwrap();
        let idle = TcpInfo::of(&near).unwrap();
        assert!(
            !idle.closed && !idle.unacknowledged && !idle.queued,
            "{idle:?}"
        );
        assert_eq!(idle.unanswered, 0);
        near.set_nonblocking(true).unwrap();
        while near.write(&[0; 65_536]).is_ok() {}
        // All that fits is on its way or acknowledged within moments.
        std::thread::sleep(Duration::from_millis(100));
        let stuffed = TcpInfo::of(&near).unwrap();
        assert!(stuffed.queued && !stuffed.closed, "{stuffed:?}");
    }

    #[test]
    fn a_reset_closes() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (far, _) = listener.accept().unwrap();
        socket2::SockRef::from(&far)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
        drop(far);
        assert!(TcpInfo::of(&near).unwrap().closed);
    }
}
