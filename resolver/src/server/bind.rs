//! The addresses of the resolver: one UDP socket and one TCP listener for each.

use std::{
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
};

use eastwest_transport::{listener::Listener, socket::SocketOptions};

use crate::server::asked_at::AnsweringSocket;

/// How often a free port is looked for that is free for both UDP and TCP.
const PORT_TRIES: usize = 16;

/// Why the resolver can't start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// No address to listen on was given.
    #[error("no address to take DNS questions on was given")]
    NoAddress,
    /// An address can't be had.
    #[error("cannot take DNS questions on {address} over {protocol}: {}", explain(.source, *.address))]
    Address {
        /// The address that was asked for.
        address: SocketAddr,
        /// `UDP` or `TCP`.
        protocol: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// An upstream is the resolver itself.
    #[error(
        "the name server {upstream} is this resolver itself (it listens on {listen}): questions \
         would go round in circles. In a pod, the cluster's own DNS is the Service kube-dns in \
         namespace kube-system; give its address instead"
    )]
    UpstreamIsSelf {
        /// The name server.
        upstream: SocketAddr,
        /// The address that it is the same as.
        listen: SocketAddr,
    },
}

impl BindError {
    /// Whether another socket has the port.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        matches!(self, Self::Address { source, .. } if source.kind() == io::ErrorKind::AddrInUse)
    }
}

fn explain(error: &io::Error, address: SocketAddr) -> String {
    let port = address.port();
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "another process has port {port} (often systemd-resolved or dnsmasq; \
             `ss -lntup 'sport = :{port}'` names it). Stop it, or listen on an address that it has \
             not taken, for example 127.0.0.2:{port}"
        ),
        io::ErrorKind::PermissionDenied => format!(
            "not allowed: ports below 1024 need CAP_NET_BIND_SERVICE, or the sysctl \
             net.ipv4.ip_unprivileged_port_start at {port} or less"
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!(
                "no interface of this host or pod has the address {}",
                address.ip()
            )
        }
        _ => error.to_string(),
    }
}

/// What one address is served with.
pub(super) struct Sockets {
    pub(super) address: SocketAddr,
    pub(super) udp: AnsweringSocket,
    pub(super) tcp: Listener,
}

impl Sockets {
    /// Port 0 becomes one port that is free for both.
    pub(super) fn bind(asked: SocketAddr) -> Result<Self, BindError> {
        let mut tries = if asked.port() == 0 { PORT_TRIES } else { 1 };
        loop {
            tries -= 1;
            let failed = |protocol, address| {
                move |source| BindError::Address {
                    address,
                    protocol,
                    source,
                }
            };
            let udp = UdpSocket::bind(asked).map_err(failed("UDP", asked))?;
            udp.set_nonblocking(true).map_err(failed("UDP", asked))?;
            let address = udp.local_addr().map_err(failed("UDP", asked))?;
            match Listener::bind(address, SocketOptions::standard()) {
                Ok(tcp) => {
                    let udp = AnsweringSocket::new(udp).map_err(failed("UDP", address))?;
                    return Ok(Self { address, udp, tcp });
                }
                Err(_) if tries > 0 => {}
                Err(error) => return Err(failed("TCP", address)(error.source)),
            }
        }
    }
}

/// Whether what is sent to `upstream` arrives at a socket that is bound to `own`.
pub(crate) fn reaches(upstream: SocketAddr, own: SocketAddr) -> bool {
    let to = upstream.ip().to_canonical();
    upstream.port() == own.port()
        && (to == own.ip().to_canonical() || (own.ip().is_unspecified() && is_of_this_host(to)))
}

/// The kernel lets a socket be bound to the host's own addresses only.
fn is_of_this_host(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}
