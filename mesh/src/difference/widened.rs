//! Routes whose far end may be somebody now who might not be it before.

use std::collections::HashMap;
use std::fmt;

use super::without_places;
use crate::Mesh;
use crate::code::Code;
use crate::finding::{Finding, Origin, Severity};
use crate::route::Route;

/// A route that accepts more identities than before, or asks for one proof less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widened {
    /// `ALIAS:PORT`
    route: String,
    before: Demand,
    now: Demand,
}

/// Who must be at a far end, and where that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Demand {
    peer: String,
    origin: Origin,
}

impl Demand {
    fn of(route: &Route) -> Self {
        let pod = route.certificate_name.as_ref();
        let pod = pod.map_or_else(String::new, |name| format!(" with the name {name}"));
        Self {
            peer: format!("{}{pod}", route.peer),
            origin: route.peer.origin().unwrap_or(&route.origin).clone(),
        }
    }
}

impl fmt::Display for Widened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { route, before, now } = self;
        write!(
            f,
            "{route}: its far end had to be {} ({}), and may be {} now ({})",
            before.peer, before.origin, now.peer, now.origin
        )
    }
}

impl Mesh {
    /// The routes of both that accept somebody here whom they do not accept in `old`.
    #[must_use]
    pub fn widened(&self, old: &Self) -> Vec<Widened> {
        let key = |route: &Route| (route.alias.clone(), route.port);
        let before: HashMap<_, _> = old.routes.iter().map(|route| (key(route), route)).collect();
        let widened = self.routes.iter().filter_map(|now| {
            let before = before.get(&key(now))?;
            let proves_less = before.certificate_name.is_some() && now.certificate_name.is_none();
            (proves_less || !now.peer.is_within(&before.peer)).then(|| Widened {
                route: format!("{}:{}", now.alias, now.port),
                before: Demand::of(before),
                now: Demand::of(now),
            })
        });
        widened.collect()
    }

    /// The DestinationRules that hold for nothing here, other than in `old`, where a route is `widened`:
    /// it is most likely one of these that was to hold for it. As errors.
    #[must_use]
    pub fn misses(&self, old: &Self, widened: &[Widened]) -> Vec<Finding> {
        let [first, ..] = widened else {
            return Vec::new();
        };
        let idle = |mesh: &Self| -> Vec<Finding> {
            let findings = mesh.findings.iter();
            let idle = findings.filter(|finding| finding.code == Code::IdleRule);
            idle.cloned().collect()
        };
        let known: Vec<_> = idle(old)
            .iter()
            .map(|finding| without_places(&finding.message))
            .collect();
        let mut new = idle(self);
        new.retain(|finding| !known.contains(&without_places(&finding.message)));
        for finding in &mut new {
            finding.severity = Severity::Error;
            finding.message = format!("{}; {first}", finding.message);
            finding.fix = Some(
                "write the host of the alias; where the far end is meant to be free, take the rule out"
                    .to_owned(),
            );
        }
        new
    }
}
