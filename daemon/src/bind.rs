//! Binding a listener, with an error that says what to do.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// A process that was killed has its ports until the kernel has cleared up after it, which takes as long
/// as the processor has other things to do.
const LET_GO: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// An address that could not be bound, and which flag would change it.
#[derive(Debug)]
pub struct BindError {
    address: SocketAddr,
    flag: &'static str,
    source: io::Error,
}

impl BindError {
    /// `flag` is what a person would type to choose another address, e.g. `--listen`.
    pub const fn new(address: SocketAddr, flag: &'static str, source: io::Error) -> Self {
        Self {
            address,
            flag,
            source,
        }
    }

    /// Whether another socket has the port.
    pub(crate) fn is_in_use(&self) -> bool {
        self.source.kind() == ErrorKind::AddrInUse
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            address,
            flag,
            source,
        } = self;
        let port = address.port();
        match source.kind() {
            ErrorKind::AddrInUse => write!(
                f,
                "port {port} is in use: another process listens on {address} \
                 (`ss -ltnp 'sport = :{port}'` shows which); give {flag} another address"
            ),
            ErrorKind::PermissionDenied if port < 1024 => write!(
                f,
                "not allowed to listen on {address}: ports below 1024 need CAP_NET_BIND_SERVICE \
                 or a lower net.ipv4.ip_unprivileged_port_start; or give {flag} another address"
            ),
            ErrorKind::AddrNotAvailable => write!(
                f,
                "cannot listen on {address}: no interface of this host has the address {}; \
                 give {flag} another address",
                address.ip()
            ),
            _ => write!(f, "cannot listen on {address} (see {flag}): {source}"),
        }
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Binds a TCP listener that is ready to be given to a runtime. `flag` is for the error.
pub(crate) fn bind(address: SocketAddr, flag: &'static str) -> Result<TcpListener, BindError> {
    let error = |source| BindError::new(address, flag, source);
    let listener = TcpListener::bind(address).map_err(error)?;
    listener.set_nonblocking(true).map_err(error)?;
    Ok(listener)
}

/// The ports of a process, of which another one may have some yet: one that ends lets go of all of them, so
/// that three seconds are for all together. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Ports {
    until: Arc<OnceLock<Instant>>,
}

impl Ports {
    /// What comes of `bind`, once the port `is_in_use` no more, or three seconds after the first one was.
    ///
    /// # Errors
    /// The last one of `bind`.
    pub async fn once_free<T, E: fmt::Display>(
        &self,
        mut bind: impl FnMut() -> Result<T, E>,
        is_in_use: impl Fn(&E) -> bool,
    ) -> Result<T, E> {
        let mut told = false;
        loop {
            let error = match bind() {
                Err(error) if is_in_use(&error) => error,
                bound => return bound,
            };
            let until = *self.until.get_or_init(|| Instant::now() + LET_GO);
            if Instant::now() >= until {
                return Err(error);
            }
            if !told {
                tracing::warn!("{error}; tried again for {LET_GO:?}, as it may be about to end");
                told = true;
            }
            sleep(LOOK_EVERY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Why a test fails where 192.0.2.1 (RFC 5737) can be had.
    const BINDABLE: &str = "no host has 192.0.2.1: unset net.ipv4.ip_nonlocal_bind here";

    #[tokio::test(start_paused = true)]
    async fn a_port_that_comes_free_is_had() {
        let mut first = Some(bind("127.0.0.1:0".parse().unwrap(), "--listen").unwrap());
        let address = first.as_ref().unwrap().local_addr().unwrap();
        let mut tries = 0;
        let again = || {
            tries += 1;
            if tries == 5 {
                first = None;
            }
            bind(address, "--listen")
        };
        let ports = Ports::default();
        ports.once_free(again, BindError::is_in_use).await.unwrap();
        assert_eq!(tries, 5);
    }

    #[tokio::test(start_paused = true)]
    async fn ports_that_stay_in_use_are_not_waited_for_for_long_however_many_they_are() {
        let first = bind("127.0.0.1:0".parse().unwrap(), "--listen").unwrap();
        let address = first.local_addr().unwrap();
        let (ports, begun) = (Ports::default(), Instant::now());
        for _ in 0..3 {
            let port = ports.clone();
            let again = || bind(address, "--listen");
            let error = port.once_free(again, BindError::is_in_use).await;
            assert!(error.unwrap_err().is_in_use());
        }
        assert_eq!(begun.elapsed(), LET_GO);
    }

    #[tokio::test(start_paused = true)]
    async fn what_another_time_does_not_mend_is_not_waited_for() {
        let elsewhere = "192.0.2.1:0".parse().unwrap();
        let begun = Instant::now();
        let again = || bind(elsewhere, "--listen");
        let bound = Ports::default()
            .once_free(again, BindError::is_in_use)
            .await;
        assert!(!bound.expect_err(BINDABLE).is_in_use());
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[test]
    fn a_port_in_use_names_the_port_and_the_flag() {
        let first = bind("127.0.0.1:0".parse().unwrap(), "--listen").unwrap();
        let address = first.local_addr().unwrap();
        let message = bind(address, "--listen").unwrap_err().to_string();
        let port = address.port();
        assert!(
            message.starts_with(&format!(
                "port {port} is in use: another process listens on 127.0.0.1:{port}"
            )),
            "{message}"
        );
        assert!(
            message.ends_with("give --listen another address"),
            "{message}"
        );
    }

    #[test]
    fn an_address_of_another_host_is_named() {
        let bound = bind("192.0.2.1:0".parse().unwrap(), "--admin-address");
        let message = bound.expect_err(BINDABLE);
        assert!(
            message
                .to_string()
                .contains("no interface of this host has the address 192.0.2.1"),
            "{message}"
        );
    }

    #[test]
    fn a_low_port_says_which_capability_is_missing() {
        let denied = io::Error::from(ErrorKind::PermissionDenied);
        let message = BindError::new("0.0.0.0:53".parse().unwrap(), "--listen", denied);
        assert!(
            message.to_string().contains("CAP_NET_BIND_SERVICE"),
            "{message}"
        );
    }
}
