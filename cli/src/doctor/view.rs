//! What the gateway sees of a route, where it tells: the half of the way that is in cluster A.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eastwest_transport::reason::Reason;
use eastwest_transport::spiffe::SpiffeId;
use eastwest_transport::tls::{
    HandshakeError, Identity, MinTls, PeerPolicy, Side, Talk, TurnedAway, Verdict, connect,
    peer_alert,
};
use rustls::pki_types::ServerName;
use serde::Deserialize;
use tokio::time::timeout;

use super::doubt;
use super::fault::Fault;
use super::gateway::{Refusal, connected, ends_unheard, probe_name};
use super::look::{Broken, Look};
use super::step::Step;
use super::way::Way;

/// Time for a handshake.
const HANDSHAKE: Duration = Duration::from_secs(3);
/// Longer than a gateway dials a pod (`--connect-timeout`, 5 s).
const ANSWER: Duration = Duration::from_secs(7);
/// An answer is a few hundred bytes.
const LONGEST: usize = 8192;

/// The gateway's answer (`gateway/src/probe.rs`).
#[derive(Debug, Deserialize)]
pub(super) struct View {
    exported: bool,
    target: Option<String>,
    reached: Option<String>,
    reason: Option<String>,
    said: Option<String>,
}

/// What came of asking.
#[derive(Debug)]
pub(super) enum Told {
    View(View),
    /// It tells nobody, or not us; why.
    Nothing(String),
}

impl Told {
    /// What a handshake with the pod that broke means, where the gateway has told what it sees: a name
    /// that it exports is refused by the pod, and what is lost is lost behind it.
    pub(super) async fn judge(
        &self,
        broken: Broken,
        (address, sni): (SocketAddr, &str),
        refusal: Refusal,
    ) -> Broken {
        let (fault, why) = match (self, broken.fault) {
            (Self::View(_), Fault::NotExported) => (Fault::WrongPod, "the gateway exports it"),
            (Self::View(_), Fault::AlpnRefused) => {
                let seen = "the protocol that we offer (ALPN istio) is refused, and not by the gateway, which has \
                            heard it when it was asked";
                return Broken::new(Fault::NoInboundShim, seen);
            }
            (Self::View(_), Fault::MtuBlackHoleBack) => (
                Fault::MtuBlackHolePod,
                "large answers of the gateway's own come through",
            ),
            (Self::Nothing(_), Fault::NotExported)
                if refusal == Refusal::HangsUp && !doubt::says_what_it_lacks(address).await =>
            {
                (
                    Fault::WrongPod,
                    "the gateway hangs up on a name that it does not know, so that the pod has said this",
                )
            }
            (Self::Nothing(_), Fault::GatewayHungUp)
                if refusal == Refusal::HangsUp && ends_unheard(address).await =>
            {
                (
                    Fault::GatewayHungUp,
                    "it ends a connection on which nothing was sent as well, as no gateway does: it is a load \
                     balancer without a living backend, or a firewall",
                )
            }
            (Self::Nothing(_), Fault::NotExported) if doubt::is_exported(address, sni).await => (
                Fault::WrongPod,
                "the gateway exports it, as it says that it minds our protocol where we offer another one",
            ),
            (
                Self::Nothing(why),
                fault @ (Fault::NotExported | Fault::PodUnreachable | Fault::MtuBlackHoleBack),
            ) => (fault, why.as_str()),
            _ => return broken,
        };
        Broken {
            fault,
            seen: format!("{}; {why}", broken.seen),
        }
    }
}

/// Asks the gateway about a server name.
pub(super) async fn ask(identity: &Identity, address: SocketAddr, sni: &str) -> Told {
    match asked(identity, address, sni).await {
        Ok(view) => Told::View(view),
        Err(why) => Told::Nothing(why),
    }
}

async fn asked(identity: &Identity, address: SocketAddr, sni: &str) -> Result<View, String> {
    let verdict = Verdict::new(Arc::new(Anybody));
    let config = identity
        .doctor_config(Arc::clone(&verdict) as Arc<_>, MinTls::Tls13)
        .map_err(|error| error.to_string())?;
    let name =
        ServerName::try_from(probe_name(address.port())).map_err(|error| error.to_string())?;
    let (mut tcp, _) = connected(&[address.ip()], address.port())
        .await
        .map_err(|broken| broken.seen)?;
    let shaken = timeout(HANDSHAKE, connect(config, name, &mut tcp)).await;
    let secured = match shaken.map_err(|_| format!("no handshake in {HANDSHAKE:?}"))? {
        Ok(secured) if secured.is_for_doctor() => secured,
        Ok(_) => return Err("it has another protocol".to_owned()),
        Err(error) => {
            let error = HandshakeError::new(error, Side::Client, &verdict);
            return Err(match error {
                HandshakeError::TurnedAway(TurnedAway::NotExported)
                | HandshakeError::Closed
                | HandshakeError::Io(_) => {
                    "the gateway tells nobody what it sees (--probe-identity)".to_owned()
                }
                other => other.to_string(),
            });
        }
    };
    let mut talk = Talk::new(tcp, secured);
    let asking = async {
        talk.say(format!("{sni}\n").as_bytes()).await?;
        talk.hear_all(LONGEST).await
    };
    let said = match timeout(ANSWER, asking).await {
        Ok(Ok(said)) => said,
        Ok(Err(error)) => {
            let why =
                peer_alert(&error).map_or_else(|| error.to_string(), |alert| alert.to_string());
            return Err(format!(
                "the gateway does not tell us: {why} (--probe-allow)"
            ));
        }
        Err(_) => return Err(format!("no answer in {ANSWER:?}")),
    };
    serde_json::from_slice(&said).map_err(|error| error.to_string())
}

impl View {
    /// Notes the three hops that the gateway has looked at.
    pub(super) fn walk(&self, way: &mut Way) -> Result<(), Broken> {
        let said = self.said.as_deref().unwrap_or("it does not say more");
        let target = self.target.as_deref().unwrap_or_default();
        let broken = |fault| Err(Broken::new(fault, format!("the gateway says: {said}")));
        if !self.exported {
            return way.hop(broken(Fault::NotExported));
        }
        way.note(Step::Route, Look::fine(format!("exported, as {target}")));
        if let Some(reached) = &self.reached {
            let address = reached
                .rsplit_once(':')
                .map_or(reached.as_str(), |(ip, _)| ip);
            let seen = format!("the gateway finds it at {address}");
            way.note(Step::PodName, Look::Fine(seen));
            let seen = format!("the gateway connects to {reached}");
            way.note(Step::PodTcp, Look::Fine(seen));
            return Ok(());
        }
        let fault = self.fault();
        if fault.step() > Step::PodName {
            way.note(Step::PodName, Look::fine("the gateway has found it"));
        }
        way.hop(broken(fault))
    }

    fn fault(&self) -> Fault {
        let reasons = Reason::ALL.iter();
        let named = |reason: &&Reason| Some(reason.as_str()) == self.reason.as_deref();
        match reasons.copied().find(|reason| named(&reason)) {
            Some(Reason::NameNotFound) => Fault::PodNameUnknown,
            Some(Reason::NameLookupFailed) => Fault::PodNameFailed,
            Some(Reason::DialRefused) => Fault::PodRefused,
            Some(Reason::DialTimeout | Reason::DialUnreachable) => Fault::PodTimeout,
            _ => Fault::PodUnreachable,
        }
    }
}

/// A gateway of any name, by a root of ours.
#[derive(Debug)]
struct Anybody;

impl PeerPolicy for Anybody {
    fn check(&self, _: &SpiffeId) -> Result<(), String> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::gateway::tests::saying;

    /// What a fault of the pod's handshake is, where the gateway has told this, and refuses names so.
    async fn judged(told: Told, refusal: Refusal, fault: Fault) -> Fault {
        let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
        judged_at(nobody, told, refusal, fault).await
    }

    /// The same of one that is there.
    async fn judged_at(address: SocketAddr, told: Told, refusal: Refusal, fault: Fault) -> Fault {
        let broken = Broken::new(fault, "seen");
        let at = (address, "db-0.db.pxc.svc.cluster.local");
        told.judge(broken, at, refusal).await.fault
    }

    fn view() -> Told {
        let said = r#"{"exported":true,"target":"db-0:15444","reached":"10.0.0.1:15444"}"#;
        Told::View(serde_json::from_str(said).unwrap())
    }

    fn nothing() -> Told {
        Told::Nothing("it tells nobody".to_owned())
    }

    #[tokio::test]
    async fn a_pod_with_tls_of_its_own_has_no_shim_where_the_gateway_has_heard_our_protocol() {
        let refused = Fault::AlpnRefused;
        assert_eq!(
            judged(view(), Refusal::Says, refused).await,
            Fault::NoInboundShim
        );
        assert_eq!(judged(nothing(), Refusal::Says, refused).await, refused);
    }

    #[tokio::test]
    async fn a_gateway_that_hung_up_and_says_now_what_it_does_not_know_is_not_believed_to_export_a_name()
     {
        let address = saying(&[21, 3, 3, 0, 2, 2, 112]).await;
        let refused = Fault::NotExported;
        let mut judged = Vec::new();
        // It may be slow to say so, where the machine is busy.
        for _ in 0..5 {
            judged.push(judged_at(address, nothing(), Refusal::HangsUp, refused).await);
        }
        assert!(judged.contains(&refused), "{judged:?}");
    }

    #[tokio::test]
    async fn a_name_that_is_refused_behind_a_gateway_that_hangs_up_is_refused_by_the_pod() {
        let refused = Fault::NotExported;
        let hung_up = judged(nothing(), Refusal::HangsUp, refused).await;
        assert_eq!(hung_up, Fault::WrongPod);
        assert_eq!(judged(nothing(), Refusal::Says, refused).await, refused);
    }
}
