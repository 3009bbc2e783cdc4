//! What is known of the gateways, and which of them stand in for each other.

use std::collections::HashMap;
use std::num::NonZeroU16;
use std::time::Duration;

use eastwest_daemon::EndpointState;
use eastwest_mesh::{Address, OutlierDetection};
use eastwest_transport::reason::Reason;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Attend;
use crate::outbound::health::{Health, Standing};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) known: HashMap<Place, Known>,
    /// The gateways of each route that has more than one.
    pub(super) sets: Vec<Set>,
}

/// Where a gateway is.
pub(super) type Place = (Address, NonZeroU16);

#[derive(Debug)]
pub(super) struct Known {
    pub(super) health: Health,
    pub(super) rule: OutlierDetection,
    /// Whether a task looks after it.
    pub(super) attended: bool,
    pub(super) last_failure: Option<String>,
    pub(super) seen: Seen,
}

/// What came of the last attempt that says anything of it.
#[derive(Debug)]
pub(super) enum Seen {
    Nothing,
    Answered(Instant),
    Failed(Reason, String, Instant),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) places: Vec<Place>,
    pub(super) max_ejection_percent: u8,
}

impl State {
    pub(super) fn is_ejected(&self, place: &Place) -> bool {
        let known = self.known.get(place);
        known.is_some_and(|known| known.health.is_ejected())
    }

    fn sets_of(&self, place: &Place) -> impl Iterator<Item = &Set> {
        self.sets
            .iter()
            .filter(move |set| set.places.contains(place))
    }

    pub(super) fn has_others(&self, place: &Place) -> bool {
        self.sets_of(place).next().is_some()
    }

    /// Whether every route of a gateway has others left that are good without it: at least one, and
    /// as many as its rule asks for.
    pub(super) fn may_eject(&self, place: &Place) -> bool {
        self.sets_of(place).all(|set| {
            let out = set.places.iter().filter(|other| self.is_ejected(other));
            let all = set.places.len();
            let most = all * usize::from(set.max_ejection_percent) / 100;
            out.count() < most.clamp(1, all - 1)
        })
    }
}

impl Known {
    pub(super) fn attend(&mut self) -> Attend {
        let wanted = !matches!(self.health.standing(), Standing::Good { .. });
        let begins = wanted && !self.attended;
        self.attended |= wanted;
        Attend(begins)
    }

    /// How it does, and if not well, why; and when that was so, where it may have changed since.
    pub(super) fn state(&self) -> (EndpointState, Option<String>, Option<Instant>) {
        let standing = self.health.standing();
        match (standing, &self.seen) {
            (Standing::Ejected { .. }, _) => {
                let why = self.last_failure.as_deref().unwrap_or("it has failed");
                let why = format!("it is tried last until it answers: {why}");
                (EndpointState::Ejected, Some(why), None)
            }
            (_, Seen::Failed(reason, said, at)) => (
                EndpointState::of_failure(reason.as_str()),
                Some(said.clone()),
                Some(*at),
            ),
            (Standing::Doubted, _) => {
                let why = "it was silent, and is being looked at".to_owned();
                (EndpointState::Unknown, Some(why), None)
            }
            (Standing::Good { .. }, Seen::Answered(at)) => (EndpointState::Up, None, Some(*at)),
            (Standing::Good { .. }, Seen::Nothing) => (EndpointState::Unknown, None, None),
        }
    }

    pub(super) fn shown(&self, now: Instant) -> Value {
        let left = |until: Instant| until.saturating_duration_since(now);
        let (standing, left) = match self.health.standing() {
            Standing::Good { .. } => ("good", None),
            Standing::Doubted => ("doubted", None),
            Standing::Ejected { until } if left(until) == Duration::ZERO => ("on-trial", None),
            Standing::Ejected { until } => ("ejected", Some(left(until).as_secs_f64())),
        };
        json!({
            "standing": standing,
            "out_for_seconds": left,
            "ejections": self.health.ejections(),
            "last_failure": self.last_failure,
        })
    }
}
