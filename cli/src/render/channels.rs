//! The databases among the aliases, as `replicationChannels` of a PerconaXtraDBCluster.

use std::collections::BTreeSet;

use eastwest_mesh::{Route, alias};
use serde_json::{Value, json};

/// What tells a database from other pods: MySQL's port, in the source's cluster.
const MYSQL: u16 = 3306;
/// What the only channel is called, as in `deploy/kubernetes`.
const ONLY: &str = "a_to_b";
/// The characters of a channel's name (MySQL takes 64), with room for a number.
const NAME: usize = 58;

/// A channel for each source, and what is in none.
pub(super) struct Channels {
    pub(super) channels: Vec<Value>,
    /// What to tell of the aliases in none of them.
    pub(super) left_out: Vec<String>,
}

/// Whose data it is: the pods of one StatefulSet stand in for each other. Behind other gateways is
/// another cluster, which may call its own the same.
#[derive(PartialEq, Eq)]
struct Source<'a> {
    /// The StatefulSet, or the first label of a host that is no pod of one.
    name: &'a str,
    domain: &'a str,
    gateways: BTreeSet<String>,
}

impl<'a> Source<'a> {
    fn of(route: &'a Route) -> Self {
        let remote = route.remote.as_str();
        let (pod, domain) = remote.split_once('.').unwrap_or((remote, ""));
        Self {
            name: alias::stateful_set(pod).unwrap_or(pod),
            domain,
            gateways: route.gateways.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Channels {
    /// The sources, and the pods of each, in the order of the routes.
    pub(super) fn of(routes: &[Route]) -> Self {
        let (databases, others): (Vec<_>, Vec<_>) = routes
            .iter()
            .partition(|route| route.remote_port.get() == MYSQL);
        let mut sources: Vec<(Source<'_>, Vec<&Route>)> = Vec::new();
        for route in &databases {
            let source = Source::of(route);
            match sources.iter_mut().find(|(other, _)| *other == source) {
                Some((_, pods)) => pods.push(route),
                None => sources.push((source, vec![route])),
            }
        }
        let aliases: BTreeSet<_> = databases.iter().map(|route| route.alias.as_str()).collect();
        let left_out = others
            .iter()
            .filter(|route| !aliases.contains(route.alias.as_str()))
            .map(|route| {
                format!(
                    "{}: warning: {} is in no sourcesList, because its port there is {} and not {MYSQL}; \
                     if it is a database, add it, with port {}",
                    route.origin, route.alias, route.remote_port, route.listen_port
                )
            });
        Self {
            left_out: left_out.collect(),
            channels: written(&sources),
        }
    }
}

fn written(sources: &[(Source<'_>, Vec<&Route>)]) -> Vec<Value> {
    let mut names = BTreeSet::new();
    let mut channels = Vec::new();
    for (source, pods) in sources {
        let name = match sources.len() {
            1 => ONLY.to_owned(),
            _ => name(source.name, &names),
        };
        channels.push(channel(&name, pods));
        names.insert(name);
    }
    channels
}

/// The StatefulSet's name as a channel's, with a number where another has it.
fn name(set: &str, taken: &BTreeSet<String>) -> String {
    let base = format!("{set:.NAME$}").replace('-', "_");
    let mut name = base.clone();
    let mut number = 2;
    while taken.contains(&name) {
        name = format!("{base}_{number}");
        number += 1;
    }
    name
}

fn channel(name: &str, pods: &[&Route]) -> Value {
    let sources = pods.iter().enumerate().map(|(index, route)| {
        json!({
            "host": route.alias.as_str(),
            "port": route.listen_port,
            "weight": weight(index, pods.len()),
        })
    });
    json!({
        "name": name,
        "isSource": false,
        "configuration": {"sourceRetryCount": 3, "sourceConnectRetry": 10, "ssl": false},
        "sourcesList": sources.collect::<Vec<_>>(),
    })
}

/// The operator takes weights from 1 to 100, the greatest first; equal ones are in no order.
fn weight(index: usize, count: usize) -> usize {
    let step = (100 / count.max(1)).clamp(1, 10);
    100_usize.saturating_sub(step * index).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_fall_and_end_at_one() {
        for count in 1..=100 {
            let weights: Vec<_> = (0..count).map(|index| weight(index, count)).collect();
            assert_eq!(weights[0], 100);
            assert!(weights.iter().all(|weight| *weight >= 1), "{weights:?}");
            assert!(weights.is_sorted_by(|a, b| a > b), "{weights:?}");
        }
        assert_eq!([weight(2, 3), weight(9, 10)], [80, 10]);
        assert_eq!([weight(99, 101), weight(100, 101)], [1, 1]);
    }

    #[test]
    fn a_channels_name_is_short_and_of_one_source() {
        let long = "a".repeat(63);
        let mut names = BTreeSet::new();
        for set in [
            long.as_str(),
            &long,
            "db-pxc",
            "db_pxc",
            "db-pxc",
            "db-pxc-2",
        ] {
            let name = name(set, &names);
            assert!(name.len() <= 64, "{name}");
            assert!(names.insert(name));
        }
        assert!(names.contains("db_pxc_3"), "{names:?}");
    }
}
