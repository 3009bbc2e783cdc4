//! The `hosts` of a Gateway's servers: exact names, `*.suffix` and `*`.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use crate::finding::Origin;
use crate::hostname::{Hostname, HostnameError};

/// One entry of `hosts` without its `ns/` prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HostPattern {
    /// `*`
    All,
    /// `*.suffix`: every name below it, at any depth (Istio, `pkg/config/host/name.go`).
    Below(Hostname),
    /// One name.
    Exact(Hostname),
}

impl FromStr for HostPattern {
    type Err = HostnameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.strip_prefix("*.")) {
            ("*", _) => Ok(Self::All),
            // "*.local" ends in one label that must not be a number; the check is the same.
            (_, Some(suffix)) => suffix.parse().map(Self::Below),
            (_, None) => text.parse().map(Self::Exact),
        }
    }
}

/// The same for who looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExportedHost<'a> {
    /// One name.
    Exact(&'a Hostname),
    /// Every name below this one.
    Below(&'a Hostname),
    /// Every name.
    All,
}

impl fmt::Display for ExportedHost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => host.fmt(f),
            Self::Below(suffix) => write!(f, "*.{suffix}"),
            Self::All => f.write_str("*"),
        }
    }
}

/// The entries of one dialect, and where each was allowed first.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostSet {
    all: Option<Origin>,
    below: HashMap<Hostname, Origin>,
    exact: HashMap<Hostname, Origin>,
}

impl HostSet {
    pub(crate) fn add(&mut self, pattern: HostPattern, origin: Origin) {
        match pattern {
            HostPattern::All => _ = self.all.get_or_insert(origin),
            HostPattern::Below(suffix) => _ = self.below.entry(suffix).or_insert(origin),
            HostPattern::Exact(host) => _ = self.exact.entry(host).or_insert(origin),
        }
    }

    /// All of them, in the order of their names: exact ones, then the narrowest suffix first.
    pub(super) fn entries(&self) -> Vec<(HostPattern, Origin)> {
        let mut exact: Vec<_> = self.exact.iter().collect();
        exact.sort_by_key(|(host, _)| *host);
        let mut below: Vec<_> = self.below.iter().collect();
        below.sort_by_key(|(suffix, _)| (std::cmp::Reverse(suffix.as_str().len()), *suffix));
        let exact = exact
            .into_iter()
            .map(|(host, at)| (HostPattern::Exact(host.clone()), at.clone()));
        let below = below
            .into_iter()
            .map(|(suffix, at)| (HostPattern::Below(suffix.clone()), at.clone()));
        let all = self.all.iter().map(|at| (HostPattern::All, at.clone()));
        exact.chain(below).chain(all).collect()
    }

    /// All of them, in no order.
    pub(super) fn written(&self) -> impl Iterator<Item = (ExportedHost<'_>, &Origin)> {
        let exact = self.exact.iter();
        let below = self.below.iter();
        let all = self.all.iter().map(|at| (ExportedHost::All, at));
        exact
            .map(|(host, at)| (ExportedHost::Exact(host), at))
            .chain(below.map(|(suffix, at)| (ExportedHost::Below(suffix), at)))
            .chain(all)
    }

    pub(super) fn has_exact(&self, host: &Hostname) -> bool {
        self.exact.contains_key(host)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_none() && self.below.is_empty() && self.exact.is_empty()
    }

    /// What allows `host`, the narrowest entry first.
    pub(crate) fn find(&self, host: &Hostname) -> Option<&Origin> {
        self.exact
            .get(host)
            .or_else(|| suffixes(host.as_str()).find_map(|suffix| self.below.get(suffix)))
            .or(self.all.as_ref())
    }
}

/// `b.c`, `c` of `a.b.c`: what may stand behind `*.` to match it.
fn suffixes(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(host.split_once('.'), |(_, rest)| rest.split_once('.'))
        .map(|(_, rest)| rest)
}
