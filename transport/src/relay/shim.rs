//! The relays of a shim. They are no generic functions, so that they are compiled with this crate and as
//! fast as this crate, whatever their caller is made for.

use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::{Counts, End, Patience, TlsLeg, relay};

/// [`relay`] from a connection in clear to one under TLS.
pub async fn relay_into_tls(
    app: &mut TcpStream,
    tunnel: &mut TlsLeg,
    counts: &Counts,
    patience: &Patience,
    stop: &CancellationToken,
) -> End {
    relay(app, tunnel, counts, patience, stop).await
}

/// [`relay`] from a connection under TLS to one in clear.
pub async fn relay_out_of_tls(
    tunnel: &mut TlsLeg,
    app: &mut TcpStream,
    counts: &Counts,
    patience: &Patience,
    stop: &CancellationToken,
) -> End {
    relay(tunnel, app, counts, patience, stop).await
}
