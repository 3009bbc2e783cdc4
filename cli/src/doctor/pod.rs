//! The pod behind the gateway: TLS with its shim, and what each end thinks of the other.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eastwest_mesh::Route;
use eastwest_shim::FarEnd;
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{
    HandshakeError, Identity, MinTls, PeerAlert, PeerError, PeerFault, Secured, Side, Talk,
    TurnedAway, ValidityError, Verdict, connect, peer_alert,
};
use rustls::pki_types::ServerName;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::counted::Counted;
use super::doubt::Heard;
use super::fault::Fault;
use super::gateway::connected;
use super::look::Broken;

/// Longer than our gateway dials a pod (`--connect-timeout`, 5 s), so that it says why.
const HANDSHAKE: Duration = Duration::from_secs(6);
/// Who says nothing for so long is asked otherwise.
const DOUBT: Duration = Duration::from_secs(2);
/// A pod that has answered something by now is dialled, and no gateway's time for that is waited for.
const DIALLED: Duration = Duration::from_secs(4);
/// Time for a word of the shim's, once the handshake is over at our end.
const WORD: Duration = Duration::from_secs(3);
/// A word is about 150 bytes.
const LONGEST_WORD: usize = 4096;

/// What a shim of ours says of its app.
#[derive(Debug, Deserialize)]
pub(super) struct Word {
    pub(super) app: String,
    pub(super) listening: Option<bool>,
    pub(super) time: u64,
}

/// A pod whose handshake is over, and who it is.
pub(super) struct Met {
    pub(super) tcp: TcpStream,
    pub(super) secured: Secured,
    pub(super) peer: Option<SpiffeId>,
}

/// How the app is meant to be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Not at all: its shim is asked how it is.
    Word,
    /// As apps do.
    App,
}

/// Makes the handshake through the gateway at `address`.
pub(super) async fn meet(
    route: &Route,
    identity: &Identity,
    address: SocketAddr,
    (wish, min): (Wish, MinTls),
) -> Result<Met, Broken> {
    let name = ServerName::try_from(route.sni.clone())
        .map_err(|error| Broken::new(Fault::HandshakeBroken, error))?;
    let verdict = Verdict::new(Arc::new(FarEnd::of(route, identity)));
    let policy = Arc::clone(&verdict) as Arc<_>;
    let config = match wish {
        Wish::Word => identity.doctor_config(policy, min),
        Wish::App => identity.client_config(policy, min),
    };
    let config = config.map_err(|error| Broken::new(Fault::CertificateUnreadable, error))?;
    let (tcp, _) = connected(&[address.ip()], address.port()).await?;
    let mut tcp = Counted::new(tcp);
    let shaking = connect(config, name, &mut tcp);
    match doubtful(shaking, Heard::of(address, &route.sni)).await {
        Ok(Ok(secured)) => Ok(Met {
            tcp: tcp.tcp,
            secured,
            peer: verdict.peer().cloned(),
        }),
        Ok(Err(error)) => {
            let error = HandshakeError::new(error, Side::Client, &verdict);
            Err(Broken::new(fault(&error, identity), error))
        }
        Err((heard, waited)) if tcp.read == 0 => Err(heard.judge(waited)),
        Err((_, waited)) => Err(Broken::new(
            Fault::PodSilent,
            format!(
                "it says {} bytes, which are no whole answer, in {waited:?}",
                tcp.read
            ),
        )),
    }
}

/// What comes of a handshake in its time, which may end while others are heard. Else what was heard, and how long the
/// handshake was waited for.
async fn doubtful<T>(
    shaking: impl Future<Output = T>,
    hearing: impl Future<Output = Heard>,
) -> Result<T, (Heard, Duration)> {
    tokio::pin!(shaking);
    let begun = Instant::now();
    if let Ok(shaken) = timeout(DOUBT, &mut shaking).await {
        return Ok(shaken);
    }
    let heard = tokio::select! {
        biased;
        shaken = &mut shaking => return Ok(shaken),
        heard = hearing => heard,
    };
    let longest = match heard.is_of_any() {
        true => DIALLED,
        false => HANDSHAKE,
    };
    // Looked at once more, also where that time is over.
    let rest = timeout_at(begun + longest, shaking).await;
    rest.map_err(|_| (heard, in_tenths(begun.elapsed())))
}

/// Nobody has to read more of a time.
fn in_tenths(time: Duration) -> Duration {
    let tenths = time.as_millis() / 100;
    Duration::from_millis(100 * u64::try_from(tenths).unwrap_or(u64::MAX / 100))
}

/// What the shim of the pod says. With TLS 1.3 it judges us only now.
pub(super) async fn hear(met: Met) -> Result<Word, Broken> {
    let mut talk = Talk::new(met.tcp, met.secured);
    let said = match timeout(WORD, talk.hear_all(LONGEST_WORD)).await {
        Ok(Ok(said)) => said,
        Ok(Err(error)) => return Err(judged(&error)),
        Err(_) => {
            let seen = format!("the shim said nothing in {WORD:?}");
            return Err(Broken::new(Fault::ShimSilent, seen));
        }
    };
    serde_json::from_slice(&said).map_err(|error| Broken::new(Fault::HandshakeBroken, error))
}

/// What a connection that broke after our handshake says of us.
pub(super) fn judged(error: &io::Error) -> Broken {
    match peer_alert(error) {
        Some(alert) => Broken::new(of_alert(alert), alert),
        None => Broken::new(Fault::AppHungUp, error),
    }
}

fn fault(error: &HandshakeError, identity: &Identity) -> Fault {
    match error {
        HandshakeError::Refused(refused) => of_refusal(refused, identity.trust_domain()),
        HandshakeError::RefusedByPeer(alert) => of_alert(*alert),
        HandshakeError::TurnedAway(why) => match why {
            TurnedAway::NotExported => Fault::NotExported,
            TurnedAway::NoIstioAlpn => Fault::AlpnRefused,
            TurnedAway::PodUnreachable => Fault::PodUnreachable,
            TurnedAway::PortNotServed => Fault::PortNotServed,
        },
        HandshakeError::Tls(rustls::Error::InvalidMessage(_)) => Fault::NoInboundShim,
        HandshakeError::Tls(rustls::Error::PeerIncompatible(_)) => Fault::TlsVersion,
        HandshakeError::Tls(_) => Fault::HandshakeBroken,
        HandshakeError::Closed | HandshakeError::Io(_) => Fault::GatewayHungUp,
    }
}

fn of_refusal(refused: &PeerError, trust_domain: &str) -> Fault {
    match &refused.fault {
        PeerFault::NotAllowed(_) => {
            let claimed = refused.claimed.as_ref().map(SpiffeId::trust_domain);
            match claimed == Some(trust_domain) {
                true => Fault::PodOtherAccount,
                false => Fault::PodOtherTrustDomain,
            }
        }
        PeerFault::OtherName { .. } => Fault::PodOtherName,
        PeerFault::UnknownRoot(_) => Fault::PodOtherRoot,
        PeerFault::Validity(time) | PeerFault::Issuer(time) => match time {
            ValidityError::Expired { .. } => Fault::PodCertificateExpired,
            ValidityError::NotYet { .. } => Fault::PodCertificateNotYetValid,
        },
        _ => Fault::PodCertificateUnusable,
    }
}

const fn of_alert(alert: PeerAlert) -> Fault {
    match alert {
        PeerAlert::NotAllowed => Fault::IdentityNotAllowed,
        PeerAlert::UnknownRoot => Fault::OurRootUnknown,
        // Our own files were read before, and are valid by our clock.
        PeerAlert::Expired => Fault::ClockSkew,
        PeerAlert::BadCertificate(_) | PeerAlert::CertificateRequired => Fault::IdentityRefused,
        PeerAlert::TlsVersion => Fault::TlsVersion,
        PeerAlert::Other(_) => Fault::HandshakeBroken,
    }
}

#[cfg(test)]
mod tests;
