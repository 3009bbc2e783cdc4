//! A gateway whose socket was taken away: it has the port, and makes the socket anew when it looks next.

use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use eastwest_daemon::Context;
use rustix::io::Errno;
use rustix::net::sockopt::set_socket_reuseaddr;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};

use super::{GATEWAY, PATIENCE, Place};

/// How often it is looked whether it is there.
const LOOK: Duration = Duration::from_millis(50);

/// Waits for the socket where there is none and somebody has the port, for longer than a gateway takes to
/// notice. What a gateway leaves behind that was killed is there, and is not waited for.
pub(super) fn wait_for_socket(place: &Place, listen: SocketAddr, context: &Context) {
    let is_lost =
        || place.is_missing() && !context.listeners.has(GATEWAY, listen) && is_in_use(listen);
    if !is_lost() {
        return;
    }
    tracing::warn!(
        "port {port} is in use (`ss -ltnp 'sport = :{port}'` shows by whom), and there is no handover socket at \
         {place}: a gateway whose socket was taken away makes it anew, and is waited for",
        port = listen.port(),
    );
    let deadline = Instant::now() + PATIENCE;
    while is_lost() {
        if Instant::now() >= deadline {
            tracing::warn!(
                "whoever has port {} has made no handover socket at {place}: it is no gateway, or has another \
                 --handover, or none, and cannot be succeeded",
                listen.port()
            );
            return;
        }
        sleep(LOOK);
    }
}

/// Whether another socket listens there. Nobody can connect to the one that is made to find out.
fn is_in_use(address: SocketAddr) -> bool {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let bound =
        socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None).and_then(|socket| {
            set_socket_reuseaddr(&socket, true)?;
            bind(&socket, &address)
        });
    bound == Err(Errno::ADDRINUSE)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_port_is_in_use_while_somebody_listens_there() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert!(is_in_use(address));
        assert!(!is_in_use("127.0.0.1:0".parse().unwrap()));
    }
}
