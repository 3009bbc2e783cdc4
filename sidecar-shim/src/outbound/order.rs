//! In which order a connection tries the gateways of its route.
//!
//! Ejected ones come last. Among the rest the nearest come first; among equally near ones the order
//! is the manifest's, or, where any has a weight, drawn anew for each connection as the weights say.

use std::hash::{BuildHasher, RandomState};

use eastwest_mesh::GatewayEndpoint;

/// A gateway without a weight beside one that has one (Istio, `GetLoadBalancingWeight`).
const USUAL_WEIGHT: u32 = 1;

/// Where this pod runs, as Istio writes it: `region`, `region/zone` or `region/zone/subzone`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locality(String);

impl std::str::FromStr for Locality {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<_> = text.split('/').collect();
        if parts.len() > 3 || parts.iter().any(|part| part.is_empty()) {
            return Err("a locality is REGION, REGION/ZONE or REGION/ZONE/SUBZONE".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl Locality {
    /// How many parts, from the region on, are not the same: 0 is nearest.
    fn distance(&self, other: Option<&str>) -> usize {
        let own = self.0.split('/');
        let parts = own.clone().count();
        let same = own
            .zip(other.unwrap_or_default().split('/'))
            .take_while(|(own, other)| own == other)
            .count();
        parts - same
    }
}

/// The places in `endpoints`, in the order in which they are to be tried. `draw` gives numbers
/// from 0 to 1 by chance.
pub(super) fn order(
    endpoints: &[GatewayEndpoint],
    is_ejected: impl Fn(&GatewayEndpoint) -> bool,
    own: Option<&Locality>,
    mut draw: impl FnMut() -> f64,
) -> Vec<usize> {
    let group = |endpoint: &GatewayEndpoint| {
        let distance = own.map_or(0, |own| own.distance(endpoint.locality.as_deref()));
        (is_ejected(endpoint), distance)
    };
    let groups: Vec<_> = endpoints.iter().map(group).collect();
    let has_weights = |of: &(bool, usize)| {
        let mut members = groups.iter().zip(endpoints);
        members.any(|(group, endpoint)| group == of && endpoint.weight.is_some())
    };
    let mut order: Vec<_> = groups
        .iter()
        .zip(endpoints)
        .enumerate()
        .map(|(place, (group, endpoint))| {
            // The first of those that are sorted by ln(chance)/weight is each with a probability
            // that is proportional to its weight (Efraimidis and Spirakis, 2006).
            let lot = if has_weights(group) {
                -draw().ln() / f64::from(endpoint.weight.unwrap_or(USUAL_WEIGHT))
            } else {
                0.0
            };
            (*group, lot, place)
        })
        .collect();
    order.sort_by(|(one, lot, _), (two, other, _)| one.cmp(two).then(lot.total_cmp(other)));
    order.into_iter().map(|(.., place)| place).collect()
}

/// A number above 0 and up to 1, good enough to share out connections.
pub(super) fn chance() -> f64 {
    // Each RandomState has keys of its own.
    let bits = RandomState::new().hash_one(0_u8) >> 11;
    (bits as f64 + 1.0) / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests;
