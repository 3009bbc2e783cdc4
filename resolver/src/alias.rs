//! The aliases: names that are answered here, with the virtual IPs on which the shim serves them.

mod first_question;
pub mod search;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use crate::{alias::search::SearchDomains, name::Domain};

pub use first_question::FirstQuestion;

/// The virtual IPs of one alias, by family.
#[derive(Debug, Clone, Default)]
pub(crate) struct VirtualIps {
    pub(crate) v4: Vec<Ipv4Addr>,
    pub(crate) v6: Vec<Ipv6Addr>,
}

/// How a question's name refers to an alias.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found<'t> {
    /// The alias itself.
    Exact(&'t VirtualIps),
    /// The alias with a search domain behind it, as a stub resolver asks it (`ndots`).
    Searched(&'t Domain, &'t VirtualIps),
}

/// Alias to virtual IPs. Built once for each set of manifests and never changed.
#[derive(Debug, Default)]
pub struct AliasTable {
    aliases: HashMap<Domain, VirtualIps>,
    /// Aliases that are not served, and why.
    down: HashMap<Domain, String>,
    /// Whoever is to hear of a question for an alias before it is answered.
    first_question: Option<FirstQuestion>,
}

impl AliasTable {
    /// Addresses of an alias that comes twice are put together, as Istio merges two ServiceEntries
    /// of one host; an address that comes twice is kept once.
    pub fn new<A>(aliases: impl IntoIterator<Item = (Domain, A)>) -> Self
    where
        A: IntoIterator<Item = IpAddr>,
    {
        let mut table = Self::default();
        for (alias, addresses) in aliases {
            let known = table.aliases.entry(alias).or_default();
            for address in addresses {
                match address {
                    IpAddr::V4(v4) if !known.v4.contains(&v4) => known.v4.push(v4),
                    IpAddr::V6(v6) if !known.v6.contains(&v6) => known.v6.push(v6),
                    IpAddr::V4(_) | IpAddr::V6(_) => {}
                }
            }
        }
        table
    }

    /// Adds aliases that are not served. They are nobody else's names: where the cluster's own DNS
    /// sends them here, forwarding them would go round in a circle.
    #[must_use]
    pub fn with_down(mut self, down: impl IntoIterator<Item = (Domain, String)>) -> Self {
        self.down.extend(down);
        self.down
            .retain(|alias, _| !self.aliases.contains_key(alias));
        self
    }

    /// Has a question for an alias that is served told before it is answered, by the table that is in
    /// force then.
    #[must_use]
    pub fn with_first_question(mut self, first_question: Option<FirstQuestion>) -> Self {
        self.first_question = first_question;
        self
    }

    /// Tells of a question, by its name in lower-case wire form, if it is to be told. True if the table in
    /// force may be another one now.
    pub(crate) fn tell_first(&self, wire: &[u8], search: &SearchDomains) -> bool {
        let Some(first_question) = &self.first_question else {
            return false;
        };
        let asked = self.find(wire, search).is_some();
        if asked {
            first_question.tell();
        }
        asked
    }

    /// How many aliases there are.
    pub fn len(&self) -> usize {
        self.aliases.len()
    }

    /// Whether there is no alias at all.
    pub fn is_empty(&self) -> bool {
        self.aliases.is_empty()
    }

    /// Each alias with its addresses, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&Domain, impl Iterator<Item = IpAddr>)> {
        self.aliases.iter().map(|(alias, ips)| {
            let v4 = ips.v4.iter().copied().map(IpAddr::V4);
            (alias, v4.chain(ips.v6.iter().copied().map(IpAddr::V6)))
        })
    }

    /// Each alias that is not served, and why, in no order.
    pub(crate) fn down(&self) -> impl Iterator<Item = (&Domain, &str)> {
        self.down.iter().map(|(alias, why)| (alias, why.as_str()))
    }

    /// Why the alias that a name in lower-case wire form means is not served, if it is not.
    pub(crate) fn why_down(&self, wire: &[u8], search: &SearchDomains) -> Option<&str> {
        let searched = || search.fronts(wire).find_map(|front| self.down.get(front));
        let why = self.down.get(wire).or_else(searched)?;
        Some(why)
    }

    /// The alias that a name in lower-case wire form means. An exact alias wins over a search
    /// form, a longer alias over a shorter one.
    pub(crate) fn find(&self, wire: &[u8], search: &SearchDomains) -> Option<Found<'_>> {
        if let Some(ips) = self.aliases.get(wire) {
            return Some(Found::Exact(ips));
        }
        let searched = |front| self.aliases.get_key_value(front);
        let (alias, ips) = search.fronts(wire).find_map(searched)?;
        Some(Found::Searched(alias, ips))
    }
}
