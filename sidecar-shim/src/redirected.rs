//! Where connections arrive that the packet filter redirects.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context as _;
use eastwest_daemon::Ports;
use eastwest_transport::listener::{BindError, Listener};
use rustix::io::Errno;

use crate::config::Config;

/// A redirected connection arrives on loopback, whatever it was for: 127.0.0.1 or ::1.
pub(crate) async fn listeners(
    config: &Config,
    ports: &Ports,
) -> anyhow::Result<Vec<(&'static str, Listener)>> {
    let port = config.args.outbound.outbound_port;
    let v4 = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let v6 = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port);
    let advice = "--outbound-port gives another port, here and to `capture lay`";
    let bind = async |at| {
        ports
            .once_free(|| Listener::bind(at, config.sockets), BindError::is_in_use)
            .await
    };
    let mut listeners = vec![("outbound", bind(v4).await.context(advice)?)];
    match bind(v6).await {
        Ok(listener) => listeners.push(("outbound-v6", listener)),
        // A node without IPv6 has no IPv6 connections either.
        Err(error) if lacks_ipv6(&error.source) => {
            tracing::info!("{error}; IPv6 virtual IPs are not served");
        }
        // Whoever else has the port would be given what apps send there, in clear.
        Err(error) => return Err(error).context(advice),
    }
    Ok(listeners)
}

fn lacks_ipv6(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || Errno::from_io_error(error) == Some(Errno::AFNOSUPPORT)
}
