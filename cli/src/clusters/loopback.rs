//! The loopback addresses, which one set of clusters at a time can have.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};

use super::ClustersError;

/// An abstract name (unix(7)): there is one for each network namespace, as there are loopback
/// addresses, and the kernel takes it back however its holder ends.
const NAME: &str = "eastwest.loopback-clusters";

/// Nobody else starts clusters on the loopback addresses as long as this lives.
pub(super) struct LoopbackClaim(#[expect(dead_code, reason = "held, not used")] UnixListener);

impl LoopbackClaim {
    pub(super) fn take() -> Result<Self, ClustersError> {
        let name = SocketAddr::from_abstract_name(NAME).map_err(ClustersError::Loopback)?;
        match UnixListener::bind_addr(&name) {
            Ok(listener) => Ok(Self(listener)),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                Err(ClustersError::LoopbackTaken { by: holder(&name) })
            }
            Err(error) => Err(ClustersError::Loopback(error)),
        }
    }
}

/// The process that holds the name; none if it is of another PID namespace, or gone just now.
fn holder(name: &SocketAddr) -> Option<i32> {
    let stream = UnixStream::connect_addr(name).ok()?;
    let process = getsockopt(&stream, PeerCredentials).ok()?.pid();
    (process != 0).then_some(process)
}
