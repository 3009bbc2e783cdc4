//! The gateway: its name, its port, and whether it is one.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use eastwest_mesh::{Address, GatewayEndpoint, PROBE_HOST};
use eastwest_transport::dial::dial;
use eastwest_transport::reason::Reason;
use eastwest_transport::resolve::{NameServers, ResolveError};
use eastwest_transport::socket::SocketOptions;
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{
    HandshakeError, Identity, MinTls, PeerPolicy, Side, TurnedAway, Verdict, connect,
};
use rustls::pki_types::ServerName;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::counted::Counted;
use super::doubt::Heard;
use super::fault::Fault;
use super::look::{Broken, Look};

/// Time for the name.
const LOOK_UP: Duration = Duration::from_secs(5);
/// Time for the port: two packets more than one that is lost.
const DIAL: Duration = Duration::from_secs(3);
/// Time for a word of TLS, which takes two ways over the network at most.
pub(super) const WORD: Duration = Duration::from_secs(2);
/// Whoever ends connections unheard does so at once, and gateways wait for seconds.
const UNHEARD: Duration = Duration::from_secs(1);

/// The addresses of a gateway.
pub(super) async fn look_up(
    names: &NameServers,
    gateway: &GatewayEndpoint,
) -> Result<(Vec<IpAddr>, Look), Broken> {
    let name = match &gateway.address {
        Address::Ip(ip) => {
            let look = Look::skipped("the ServiceEntry has an address");
            return Ok((vec![*ip], look));
        }
        Address::Name(name) => name,
    };
    let found = names.look_up(name.as_str(), Instant::now() + LOOK_UP).await;
    let addresses = found
        .map_err(|error| {
            let fault = match &error {
                ResolveError::NotFound { .. } => Fault::GatewayNameUnknown,
                ResolveError::Failed { .. } => Fault::GatewayNameFailed,
            };
            Broken::new(fault, error)
        })?
        .addresses;
    let shown: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    let look = Look::fine(format!("{name} is {}", shown.join(", ")));
    Ok((addresses, look))
}

/// Which of the addresses takes a connection.
pub(super) async fn reach(ips: &[IpAddr], port: u16) -> Result<(SocketAddr, Look), Broken> {
    let (_, address) = connected(ips, port).await?;
    Ok((address, Look::fine(format!("{address} takes connections"))))
}

/// A connection to one of the addresses.
pub(super) async fn connected(
    ips: &[IpAddr],
    port: u16,
) -> Result<(TcpStream, SocketAddr), Broken> {
    let options = SocketOptions::default();
    match dial(ips, port, Instant::now() + DIAL, &options).await {
        Ok(dialled) => Ok((dialled.stream, dialled.address)),
        Err(error) => Err(Broken::new(
            match error.reason {
                Reason::DialRefused => Fault::GatewayRefused,
                Reason::DialTimeout => Fault::GatewayFiltered,
                _ => Fault::GatewayUnreachable,
            },
            error,
        )),
    }
}

/// The server name that a gateway answers itself.
pub(super) fn probe_name(port: u16) -> String {
    format!("outbound_.{port}_._.{PROBE_HOST}")
}

/// What a gateway does with a name that it does not export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It says so.
    Says,
    /// It closes, and whatever is said of another name is said behind it.
    HangsUp,
}

/// Whether a gateway is there, and how it refuses. Who hangs up is asked twice: any connection may break. Who says
/// nothing at first is heard once more, with small packets beside: what is answered at another time tells nothing of
/// the way. A word may take so long.
pub(super) async fn greet(
    identity: &Identity,
    address: SocketAddr,
    word: Duration,
) -> Result<(Refusal, Look), Broken> {
    let mut first = greeted(identity, address, word).await?;
    if matches!(first, Some((Refusal::HangsUp, _))) {
        first = greeted(identity, address, word).await?;
    }
    if let Some(greeted) = first {
        return Ok(greeted);
    }
    let name = probe_name(address.port());
    let (again, heard) = tokio::join!(greeted(identity, address, word), Heard::of(address, &name));
    if let Some(greeted) = again? {
        return Ok(greeted);
    }
    Err(match heard.is_of_small_ones() {
        true => Broken::new(
            Fault::MtuBlackHole,
            format!(
                "a ClientHello of one small packet is answered, and larger ones get nothing in {word:?}"
            ),
        ),
        false => Broken::new(
            Fault::GatewaySilent,
            format!("no word of TLS in {word:?}, twice"),
        ),
    })
}

/// A ClientHello for a name that it does not export is refused by whatever is a gateway: ours says so
/// with an alert, Istio's hangs up. Nobody behind it hears of that. None is silence.
async fn greeted(
    identity: &Identity,
    address: SocketAddr,
    word: Duration,
) -> Result<Option<(Refusal, Look)>, Broken> {
    let broken = |fault, seen: String| Err(Broken::new(fault, seen));
    let (tcp, _) = connected(&[address.ip()], address.port()).await?;
    let mut tcp = Counted::new(tcp);
    let verdict = Verdict::new(Arc::new(Nobody));
    let config = identity
        .client_config(Arc::clone(&verdict) as Arc<_>, MinTls::Tls12)
        .map_err(|error| Broken::new(Fault::CertificateUnreadable, error))?;
    let name = ServerName::try_from(probe_name(address.port()))
        .map_err(|error| Broken::new(Fault::HandshakeBroken, error))?;
    let shaken = timeout(word, connect(config, name, &mut tcp)).await;
    let error = match shaken {
        Ok(Ok(_)) => {
            return broken(
                Fault::GatewayEndsTls,
                "it made a handshake for a name that no gateway knows".to_owned(),
            );
        }
        Ok(Err(error)) => HandshakeError::new(error, Side::Client, &verdict),
        Err(_) if tcp.read == 0 => return Ok(None),
        Err(_) => {
            let seen = format!(
                "it says {} bytes, which are no whole answer, in {word:?}",
                tcp.read
            );
            return broken(Fault::GatewaySilent, seen);
        }
    };
    match &error {
        HandshakeError::TurnedAway(TurnedAway::NotExported) => {
            let look = Look::fine("a gateway of ours answers");
            Ok(Some((Refusal::Says, look)))
        }
        HandshakeError::Closed | HandshakeError::Io(_) => {
            let seen = "it hangs up on a name that it does not know, as Istio's gateway does, and a load balancer \
                        without a living backend: nothing has spoken TLS yet";
            Ok(Some((Refusal::HangsUp, Look::skipped(seen))))
        }
        HandshakeError::Tls(rustls::Error::InvalidMessage(_)) => {
            broken(Fault::GatewayNotTls, error.to_string())
        }
        HandshakeError::TurnedAway(TurnedAway::NoIstioAlpn) => {
            let seen = format!("{error}; a gateway of ours would have refused the name first");
            broken(Fault::AlpnRefused, seen)
        }
        HandshakeError::Refused(refused) => broken(
            Fault::GatewayEndsTls,
            format!("it shows a certificate of its own: {refused}"),
        ),
        _ => {
            let look = Look::fine(format!("it answers TLS: {error}"));
            Ok(Some((Refusal::Says, look)))
        }
    }
}

/// Whether a connection is ended at once on which nothing is sent: a gateway waits for a name.
pub(super) async fn ends_unheard(address: SocketAddr) -> bool {
    let Ok((mut tcp, _)) = connected(&[address.ip()], address.port()).await else {
        return false;
    };
    timeout(UNHEARD, tcp.read(&mut [0]))
        .await
        .is_ok_and(|read| !matches!(read, Ok(1..)))
}

/// Whoever may answer here: it goes no further.
#[derive(Debug)]
struct Nobody;

impl PeerPolicy for Nobody {
    fn check(&self, peer: &SpiffeId) -> Result<(), String> {
        Err(format!("{peer} ends TLS where it has to be passed on"))
    }
}

#[cfg(test)]
#[allow(clippy::panic, reason = "a test that cannot go on has failed")]
pub(super) mod tests;
