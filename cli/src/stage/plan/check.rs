//! Mistakes in a plan, found before the kernel is asked for anything.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::{HostPlan, StagePlan};

/// Why a plan cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A name that the kernel would not take as the name of a thread or an interface.
    #[error(
        "the {what} {name:?} needs another name: 1 to 15 characters of a-z, 0-9 and '-', not \"lo\""
    )]
    Name {
        /// `host` or `network`.
        what: &'static str,
        /// The name that was given.
        name: String,
    },
    /// Two hosts or two networks of one name.
    #[error("the plan has two {what}s named {name:?}: rename one")]
    Twice {
        /// `host` or `network`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A host on a network that the plan does not have.
    #[error("host {host:?} is on network {network:?}, which the plan does not have")]
    NoSuchNetwork {
        /// The host.
        host: String,
        /// The network's name.
        network: String,
    },
    /// Two hosts with one address on one network.
    #[error("address {address} on network {network:?} belongs to both {first:?} and {second:?}")]
    AddressTwice {
        /// The address.
        address: IpAddr,
        /// The network.
        network: String,
        /// The host that has it.
        first: String,
        /// The host that wants it too.
        second: String,
    },
    /// A route through a neighbour that no interface of the host reaches.
    #[error(
        "host {host:?} has a route via {via}, which is in none of the networks of its own addresses"
    )]
    NoSuchNeighbour {
        /// The host.
        host: String,
        /// The route's next hop.
        via: IpAddr,
    },
}

impl StagePlan {
    /// Looks for mistakes that the kernel would report without saying where they are.
    ///
    /// # Errors
    /// The first mistake that is found.
    pub fn check(&self) -> Result<(), PlanError> {
        let networks = distinct("network", self.networks.iter())?;
        distinct("host", self.hosts.iter().map(|host| &host.name))?;
        let mut owners: BTreeMap<(&str, IpAddr), &str> = BTreeMap::new();
        for host in &self.hosts {
            for attachment in &host.attachments {
                let network = attachment.network.as_str();
                if !networks.contains(network) {
                    return Err(PlanError::NoSuchNetwork {
                        host: host.name.clone(),
                        network: network.to_owned(),
                    });
                }
                for address in attachment.addresses.iter().map(ipnet::IpNet::addr) {
                    if let Some(first) = owners.insert((network, address), &host.name) {
                        return Err(PlanError::AddressTwice {
                            address,
                            network: network.to_owned(),
                            first: first.to_owned(),
                            second: host.name.clone(),
                        });
                    }
                }
            }
            host.check_routes()?;
        }
        Ok(())
    }
}

impl HostPlan {
    fn check_routes(&self) -> Result<(), PlanError> {
        let reaches = |via: &IpAddr| self.addresses().any(|own| own.contains(via));
        match self.routes.iter().find(|route| !reaches(&route.via)) {
            None => Ok(()),
            Some(route) => Err(PlanError::NoSuchNeighbour {
                host: self.name.clone(),
                via: route.via,
            }),
        }
    }
}

fn distinct<'a>(
    what: &'static str,
    names: impl Iterator<Item = &'a String>,
) -> Result<BTreeSet<&'a str>, PlanError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !is_name(name) {
            return Err(PlanError::Name {
                what,
                name: name.clone(),
            });
        }
        if !seen.insert(name.as_str()) {
            return Err(PlanError::Twice {
                what,
                name: name.clone(),
            });
        }
    }
    Ok(seen)
}

/// A host's name becomes a thread's name and a hostname, a network's an interface's: IFNAMSIZ and
/// TASK_COMM_LEN are both 16 with the final NUL.
fn is_name(name: &str) -> bool {
    (1..=15).contains(&name.len())
        && name != "lo"
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
