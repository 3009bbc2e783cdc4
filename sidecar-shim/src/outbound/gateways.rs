//! The health of all gateways of all routes. It is a gateway's, not a route's: what the connections
//! of one route learn holds for the others.

use std::sync::{Mutex, MutexGuard, PoisonError};

use eastwest_daemon::{EndpointState, RouteEndpoint};
use eastwest_mesh::{GatewayEndpoint, Route};
use eastwest_transport::reason::Reason;
use metrics::{counter, describe_counter, describe_gauge, gauge};
use serde_json::Value;
use tokio::time::Instant;

use super::health::{Health, USUAL};
use super::order::{Locality, chance, order};

mod state;

use state::{Known, Place, Seen, Set, State};

/// All gateways, shared by all connections.
#[derive(Debug)]
pub(crate) struct Gateways {
    locality: Option<Locality>,
    state: Mutex<State>,
}

fn place(endpoint: &GatewayEndpoint) -> Place {
    (endpoint.address.clone(), endpoint.port)
}

/// Somebody has to look after a gateway from now on, until it answers again.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attend(pub(super) bool);

impl Gateways {
    /// None known yet; `locality` is where this pod runs.
    pub(crate) fn new(locality: Option<Locality>) -> Self {
        describe_counter!(
            "eastwest_gateway_ejections_total",
            "Times a gateway was put behind the others, by the reason of the last failure."
        );
        describe_gauge!(
            "eastwest_gateway_ejected",
            "1 while a gateway is tried last because it has failed, else 0."
        );
        Self {
            locality,
            state: Mutex::default(),
        }
    }

    /// Takes the gateways of `routes` for the ones there are. What is known of those that stay is
    /// kept.
    pub(crate) fn follow<'r>(&self, routes: impl IntoIterator<Item = &'r Route>) {
        let now = Instant::now();
        let mut state = self.lock();
        let mut before = std::mem::take(&mut *state);
        for route in routes {
            let mut places: Vec<Place> = Vec::new();
            for endpoint in &route.gateways {
                let place = place(endpoint);
                if places.contains(&place) {
                    continue;
                }
                let known = state.known.entry(place.clone()).or_insert_with(|| {
                    gauge!("eastwest_gateway_ejected", "gateway" => endpoint.to_string()).set(0.0);
                    let known = before.known.remove(&place).map(|known| Known {
                        rule: USUAL,
                        ..known
                    });
                    known.unwrap_or_else(|| Known {
                        health: Health::new(now),
                        rule: USUAL,
                        attended: false,
                        last_failure: None,
                        seen: Seen::Nothing,
                    })
                });
                // Of routes that share a gateway the first that says something counts.
                if let (Some(rule), true) = (route.outlier_detection, known.rule == USUAL) {
                    known.rule = rule;
                }
                if known.health.is_ejected() {
                    gauge!("eastwest_gateway_ejected", "gateway" => endpoint.to_string()).set(1.0);
                }
                places.push(place);
            }
            let rule = route.outlier_detection.unwrap_or(USUAL);
            let set = Set {
                places,
                max_ejection_percent: rule.max_ejection_percent.get(),
            };
            if set.places.len() > 1 && !state.sets.contains(&set) {
                state.sets.push(set);
            }
        }
        for (address, port) in before.known.into_keys() {
            let gone = GatewayEndpoint {
                address,
                port,
                weight: None,
                locality: None,
            };
            gauge!("eastwest_gateway_ejected", "gateway" => gone.to_string()).set(0.0);
        }
    }

    /// The gateways of a route in the order in which a connection tries them.
    pub(super) fn order<'r>(&self, route: &'r Route) -> Vec<&'r GatewayEndpoint> {
        let state = self.lock();
        let is_ejected = |endpoint: &GatewayEndpoint| state.is_ejected(&place(endpoint));
        let places = order(&route.gateways, is_ejected, self.locality.as_ref(), chance);
        let gateways = places.into_iter();
        gateways
            .filter_map(|place| route.gateways.get(place))
            .collect()
    }

    /// A gateway has spoken TLS, whatever it said.
    pub(super) fn answered(&self, endpoint: &GatewayEndpoint) {
        let mut state = self.lock();
        let Some(known) = state.known.get_mut(&place(endpoint)) else {
            return;
        };
        known.seen = Seen::Answered(Instant::now());
        if known.health.answered(Instant::now()) {
            gauge!("eastwest_gateway_ejected", "gateway" => endpoint.to_string()).set(0.0);
            tracing::info!(gateway = %endpoint, "the gateway answers, and is in use again");
        }
    }

    /// A gateway was silent, and that may be its own doing or that of the pod behind it.
    pub(super) fn doubted(&self, endpoint: &GatewayEndpoint) -> Attend {
        let mut state = self.lock();
        let place = place(endpoint);
        // Where there is no other, or none is ever ejected, nothing would follow from an answer.
        if !state.has_others(&place) {
            return Attend(false);
        }
        let Some(known) = state.known.get_mut(&place) else {
            return Attend(false);
        };
        if known.rule.consecutive_failures.is_some() {
            known.health.doubted(&known.rule, Instant::now());
        }
        known.attend()
    }

    /// A gateway could not be reached, or did not answer.
    pub(super) fn failed(&self, endpoint: &GatewayEndpoint, why: Reason, said: String) -> Attend {
        let mut state = self.lock();
        let place = place(endpoint);
        if let Some(known) = state.known.get_mut(&place) {
            known.seen = Seen::Failed(why, said.clone(), Instant::now());
        }
        if !state.has_others(&place) {
            return Attend(false);
        }
        let may_eject = state.may_eject(&place);
        let Some(known) = state.known.get_mut(&place) else {
            return Attend(false);
        };
        if known.rule.consecutive_failures.is_none() {
            return Attend(false);
        }
        if let Some(time) = known.health.failed(&known.rule, Instant::now(), may_eject) {
            counter!(
                "eastwest_gateway_ejections_total",
                "gateway" => endpoint.to_string(),
                "reason" => why.as_str(),
            )
            .increment(1);
            gauge!("eastwest_gateway_ejected", "gateway" => endpoint.to_string()).set(1.0);
            tracing::warn!(
                gateway = %endpoint,
                reason = why.as_str(),
                error = said,
                for_seconds = time.as_secs_f64(),
                "the gateway is tried last until it answers, at least for this time"
            );
        }
        known.last_failure = Some(said);
        known.attend()
    }

    /// When the one who looks after a gateway has to probe it; `None` ends that.
    pub(super) fn next_probe(&self, endpoint: &GatewayEndpoint) -> Option<Instant> {
        let mut state = self.lock();
        let known = state.known.get_mut(&place(endpoint))?;
        let next = known.health.next_probe(&known.rule, Instant::now());
        known.attended = next.is_some();
        next
    }

    /// A probe of a gateway begins.
    pub(super) fn probing(&self, endpoint: &GatewayEndpoint) {
        if let Some(known) = self.lock().known.get_mut(&place(endpoint)) {
            known.health.probing(Instant::now());
        }
    }

    /// A route for `/routes`: as it stands, each of its gateways with what is known of it.
    pub(crate) fn shown(&self, route: &Route) -> Value {
        let state = self.lock();
        let mut shown = serde_json::to_value(route).unwrap_or_default();
        let listed = shown.get_mut("gateways").and_then(Value::as_array_mut);
        for (endpoint, listed) in route.gateways.iter().zip(listed.into_iter().flatten()) {
            if let (Some(known), Some(listed)) =
                (state.known.get(&place(endpoint)), listed.as_object_mut())
            {
                listed.insert("health".to_owned(), known.shown(Instant::now()));
            }
        }
        shown
    }

    /// The gateways of a route for `/status.json`.
    pub(crate) fn endpoints(&self, route: &Route) -> Vec<RouteEndpoint> {
        let state = self.lock();
        let known = |endpoint| Some(state.known.get(&place(endpoint))?.state());
        let endpoints = route.gateways.iter().map(|endpoint| {
            let (state, reason, seen) =
                known(endpoint).unwrap_or((EndpointState::Unknown, None, None));
            RouteEndpoint {
                address: endpoint.to_string(),
                state: Some(state),
                reason,
                seen,
                locality: endpoint.locality.clone(),
            }
        });
        endpoints.collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
