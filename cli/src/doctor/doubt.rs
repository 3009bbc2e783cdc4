//! What a gateway, or a pod behind it, that does not answer a handshake answers otherwise.

use std::net::SocketAddr;
use std::time::Duration;

use eastwest_transport::sni::Sni;

use super::fault::Fault;
use super::gateway::probe_name;
use super::look::Broken;
use super::raw_hello::{Size, answer};

const ISTIO: &[u8] = b"istio";
/// A protocol that no gateway passes on under an Istio name. It looks the name up first.
const NO_ISTIO: &[u8] = b"http/1.1";
/// no_application_protocol (RFC 7301).
const NO_PROTOCOL: u8 = 120;
/// unrecognized_name (RFC 6066).
const NO_SUCH_NAME: u8 = 112;

/// Which hellos somebody answers who says nothing in a handshake.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Heard {
    small: bool,
    large: bool,
}

impl Heard {
    /// Small and large hellos for `sni`, both of which are refused with an alert of a few bytes. A connection that is
    /// closed without one may have been closed by anybody.
    pub(super) async fn of(address: SocketAddr, sni: &str) -> Self {
        let answered = async |size| {
            let answer = answer(address, (sni, ISTIO), size).await;
            answer.is_some_and(|answer| !answer.is_empty())
        };
        let (small, large) = tokio::join!(answered(Size::Small), answered(Size::Large));
        Self { small, large }
    }

    #[cfg(test)]
    pub(super) const fn small_ones() -> Self {
        Self {
            small: true,
            large: false,
        }
    }

    pub(super) const fn is_of_small_ones(self) -> bool {
        self.small && !self.large
    }

    pub(super) const fn is_of_any(self) -> bool {
        self.small || self.large
    }

    /// What that says of a handshake of which not a byte came back in `waited`: what is small passes and what is
    /// large does not, one way or the other, or nothing does.
    pub(super) fn judge(self, waited: Duration) -> Broken {
        let nothing = format!("of a handshake nothing comes back in {waited:?}");
        match self {
            Self { small: false, .. } => Broken::new(
                Fault::PodSilent,
                format!("no word of TLS in {waited:?}, nor of anything smaller"),
            ),
            Self { large: true, .. } => Broken::new(
                Fault::MtuBlackHoleBack,
                format!("the pod answers hellos of any size with a small packet, and {nothing}"),
            ),
            Self { large: false, .. } => Broken::new(
                Fault::MtuBlackHolePod,
                format!(
                    "the pod answers a hello of one small packet and none of several, which the gateway takes, and \
                     {nothing}"
                ),
            ),
        }
    }
}

/// Whether the gateway exports a name that it, or the pod, has refused: where it does, it minds a protocol that
/// is not for it, and nothing comes to the pod. Of a plain name it minds none.
pub(super) async fn is_exported(address: SocketAddr, sni: &str) -> bool {
    if !matches!(sni.parse::<Sni>(), Ok(Sni::Istio(_))) {
        return false;
    }
    let answer = answer(address, (sni, NO_ISTIO), Size::Small).await;
    answer.is_some_and(|answer| matches!(answer.as_slice(), [21, _, _, 0, 2, _, NO_PROTOCOL, ..]))
}

/// Whether a gateway says, as ours do, that it has no such name, where one is asked for that none has.
pub(super) async fn says_what_it_lacks(address: SocketAddr) -> bool {
    let name = probe_name(address.port());
    let answer = answer(address, (&name, ISTIO), Size::Small).await;
    answer.is_some_and(|answer| matches!(answer.as_slice(), [21, _, _, 0, 2, _, NO_SUCH_NAME, ..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_that_answers_small_hellos_is_behind_a_black_hole_and_another_one_hangs() {
        let judged = |small, large| Heard { small, large }.judge(Duration::from_secs(7)).fault;
        assert_eq!(judged(false, false), Fault::PodSilent);
        assert_eq!(judged(true, true), Fault::MtuBlackHoleBack);
        assert_eq!(judged(true, false), Fault::MtuBlackHolePod);
        // A large one alone proves nothing: the small one was lost.
        assert_eq!(judged(false, true), Fault::PodSilent);
    }
}
