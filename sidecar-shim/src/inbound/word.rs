//! What a caller is told that asks how the app is: `eastwest doctor`.
//!
//! The app hears nothing of it. MySQL counts every connection that does not log in (`Aborted_connects`,
//! and towards `max_connect_errors`); so who listens is read from the kernel.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use eastwest_transport::tls::Talk;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Inbound;
use super::connection::AppAddress;
use crate::own_ports::listening;

/// For a caller that does not take it.
const PATIENCE: Duration = Duration::from_secs(5);

impl Inbound {
    /// Tells it, as one JSON object.
    pub(super) async fn tell(
        &self,
        mut talk: Talk<TcpStream>,
        (pod, port): (IpAddr, NonZeroU16),
    ) -> io::Result<()> {
        let app = match self.app {
            AppAddress::Pod => pod,
            AppAddress::At(address) => address,
        };
        let app = SocketAddr::new(app, port.get());
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH);
        let word = json!({
            "pod": self.acceptance.pod.as_ref().map(ToString::to_string),
            "app": app.to_string(),
            "listening": listening().ok().and_then(|all| listens(&all, app, pod)),
            "time": seconds.unwrap_or_default().as_secs(),
        });
        let telling = async {
            talk.say(word.to_string().as_bytes()).await?;
            talk.end().await
        };
        timeout(PATIENCE, telling).await?
    }
}

/// Whether somebody listens at the app's address; none where that is not in this pod.
fn listens(all: &[SocketAddr], app: SocketAddr, pod: IpAddr) -> Option<bool> {
    let here = app.ip() == pod || app.ip().is_loopback();
    let at = |address: &SocketAddr| {
        let all_of_both = address.ip().is_unspecified() && (address.is_ipv6() || app.is_ipv4());
        address.port() == app.port() && (address.ip() == app.ip() || all_of_both)
    };
    match all.iter().any(at) {
        true => Some(true),
        false => here.then_some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_counts_at_the_apps_address_and_at_all() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let app = address("10.0.0.1:3306");
        let told = |all: &[&str], app: SocketAddr| {
            let all: Vec<_> = all.iter().map(|text| address(text)).collect();
            listens(&all, app, "10.0.0.1".parse().unwrap())
        };
        for all in ["10.0.0.1:3306", "0.0.0.0:3306", "[::]:3306"] {
            assert_eq!(told(&["127.0.0.1:22", all], app), Some(true), "{all}");
        }
        for none in ["127.0.0.1:3306", "10.0.0.1:3307", "10.0.0.2:3306"] {
            assert_eq!(told(&[none], app), Some(false), "{none}");
        }
        assert_eq!(told(&["0.0.0.0:3306"], address("[fd00::1]:3306")), None);
        assert_eq!(told(&[], address("10.9.9.9:3306")), None);
    }
}
