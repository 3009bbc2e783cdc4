//! Where a redirected connection was going.
//!
//! NAT keeps the first destination of a connection, and gives it to whoever accepted it
//! (`SO_ORIGINAL_DST`). A connection that nobody redirected has the listener's own address there:
//! were it taken for a destination, the shim would dial itself.

use std::io;
use std::net::SocketAddr;

use rustix::io::Errno;
use socket2::SockRef;
use tokio::net::TcpStream;

/// Why an accepted connection has no original destination.
#[derive(Debug, thiserror::Error)]
pub enum OriginalDstError {
    /// It was made to the listener itself, without the redirect rules.
    #[error(
        "connection to {local} was not redirected: this port only takes connections to virtual \
         IPs; dial the alias, and see `eastwest-shim capture check`"
    )]
    NotRedirected {
        /// The listener's address, as dialled.
        local: SocketAddr,
    },
    /// The kernel gives no answer.
    #[error("reading the original destination (SO_ORIGINAL_DST): {0}")]
    Unreadable(#[from] io::Error),
}

/// The address that the peer of `stream` dialled before the redirect rules sent it here. IPv4
/// addresses are plain, never mapped into IPv6, whatever the listener.
///
/// Whether that address is a virtual IP of some route is for the caller to find out.
///
/// # Errors
/// [`OriginalDstError::NotRedirected`] must end the connection: dialling on would be a loop.
pub fn original_dst(stream: &TcpStream) -> Result<SocketAddr, OriginalDstError> {
    let local = plain(stream.local_addr()?);
    let socket = SockRef::from(stream);
    // Of a `[::]` listener's IPv4 peers the kernel keeps the IPv4 destination only.
    let answer = match local {
        SocketAddr::V4(_) => socket.original_dst_v4(),
        SocketAddr::V6(_) => socket.original_dst_v6(),
    };
    let original = match answer {
        Ok(address) => address.as_socket().map(plain),
        // ENOENT: connection tracking, if it runs at all, does not know this connection.
        Err(error) if untracked(&error) => None,
        Err(error) => return Err(error.into()),
    };
    original
        .filter(|address| !same(*address, local))
        .ok_or(OriginalDstError::NotRedirected { local })
}

fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

fn same(a: SocketAddr, b: SocketAddr) -> bool {
    (a.ip(), a.port()) == (b.ip(), b.port())
}

fn untracked(error: &io::Error) -> bool {
    let codes = [Errno::NOENT, Errno::NOPROTOOPT];
    Errno::from_io_error(error).is_some_and(|errno| codes.contains(&errno))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use tokio::net::TcpListener;

    use super::*;

    async fn accepted(listen: SocketAddr, dial: impl Fn(u16) -> SocketAddr) -> TcpStream {
        let listener = TcpListener::bind(listen).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (client, accepted) = tokio::join!(TcpStream::connect(dial(port)), listener.accept());
        drop(client.unwrap());
        accepted.unwrap().0
    }

    fn refused_local(stream: &TcpStream) -> SocketAddr {
        match original_dst(stream) {
            Err(OriginalDstError::NotRedirected { local }) => local,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn refuses_a_connection_to_the_listener_itself() {
        let loopback = Ipv4Addr::LOCALHOST.into();
        let stream = accepted(SocketAddr::new(loopback, 0), |port| {
            SocketAddr::new(loopback, port)
        })
        .await;
        assert_eq!(refused_local(&stream), stream.local_addr().unwrap());
    }

    #[tokio::test]
    async fn refuses_an_ipv4_connection_to_a_dual_stack_listener_itself() {
        let any = Ipv6Addr::UNSPECIFIED.into();
        let stream = accepted(SocketAddr::new(any, 0), |port| {
            SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)
        })
        .await;
        assert!(refused_local(&stream).is_ipv4());
    }
}
