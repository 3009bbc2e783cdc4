//! Which DestinationRule holds for a host.

use std::cell::Cell;
use std::collections::HashMap;

use super::alias::Alias;
use crate::code::Code;
use crate::finding::Finding;
use crate::hostname::Hostname;
use crate::kinds::destination_rule::{DestinationRule, RuleHost, Tls};
use crate::manifest::Loaded;
use crate::sni::ServerName;

/// The DestinationRules by host: the exact name first, then the longest suffix.
pub(super) struct Rules<'a> {
    exact: HashMap<&'a Hostname, usize>,
    /// Wildcards, the narrowest first.
    wide: Vec<usize>,
    rules: Vec<Rule<'a>>,
}

/// A DestinationRule, and whether anything here heeds it.
pub(super) struct Rule<'a> {
    pub(super) loaded: &'a Loaded<DestinationRule>,
    /// A rule before it that has the same host.
    before: Option<usize>,
    /// A rule after it that has the same host and says something else, or what nobody can tell.
    contradicted_by: Option<usize>,
    used: Cell<bool>,
}

impl<'a> Rules<'a> {
    pub(super) fn new(loaded: &'a [Loaded<DestinationRule>]) -> Self {
        let rules = loaded.iter().map(|loaded| Rule {
            loaded,
            before: None,
            contradicted_by: None,
            used: Cell::new(false),
        });
        let mut index = Self {
            exact: HashMap::new(),
            wide: Vec::new(),
            rules: rules.collect(),
        };
        let mut firsts = HashMap::new();
        for (i, loaded) in loaded.iter().enumerate() {
            let Some(host) = &loaded.value.host else {
                continue;
            };
            match (firsts.get(host), host) {
                (Some(&first), _) => index.add_second(host, first, i),
                (None, RuleHost::Exact(name)) => _ = index.exact.insert(name, i),
                (None, _) => index.wide.push(i),
            }
            firsts.entry(host).or_insert(i);
        }
        let narrowness = |&i: &usize| {
            loaded
                .get(i)
                .and_then(|l| l.value.host.as_ref())
                .map(RuleHost::narrowness)
        };
        index.wide.sort_by_key(|i| std::cmp::Reverse(narrowness(i)));
        index
    }

    /// A rule for a host that has one: the same once more, or a contradiction.
    fn add_second(&mut self, host: &RuleHost, first: usize, i: usize) {
        let (Some(one), Some(two)) = (self.rules.get(first), self.rules.get(i)) else {
            return;
        };
        let (one, two) = (one.loaded, two.loaded);
        let differs = !same(&one.value.tls, &two.value.tls);
        if differs {
            let place = &one.value.origin;
            two.report.error_with_fix(Code::RulesForOneHost,
                two.mark,
                format!("{host} has a DestinationRule already, at {place}, and the two differ in trafficPolicy.tls, so no connection is made to it"),
                "write them as one",
            );
        }
        // What was meant by one with a mistake nobody knows.
        let open = differs || two.report.first_error().is_some();
        if open && let Some(rule) = self.rules.get_mut(first) {
            rule.contradicted_by.get_or_insert(i);
        }
        if let Some(rule) = self.rules.get_mut(i) {
            rule.before = Some(first);
        }
    }

    /// The rule for `host`.
    pub(super) fn find(&self, host: &Hostname) -> Option<&Rule<'a>> {
        let exact = self.exact.get(host).copied();
        let matches = |rule: &&Rule<'_>| {
            rule.loaded
                .value
                .host
                .as_ref()
                .is_some_and(|pattern| pattern.matches(host))
        };
        let wide = || {
            self.wide
                .iter()
                .filter_map(|&i| self.rules.get(i))
                .find(matches)
        };
        exact.and_then(|i| self.rules.get(i)).or_else(wide)
    }

    /// Why nothing that `rule` is about can be served.
    pub(super) fn broken(&self, rule: &Rule<'a>) -> Option<Finding> {
        let contradiction = rule.contradicted_by.and_then(|i| self.rules.get(i));
        rule.loaded
            .report
            .first_error()
            .or_else(|| contradiction.and_then(|other| other.loaded.report.first_error()))
    }

    /// Names that a rule of its own leads elsewhere, for a gateway to know.
    pub(super) fn server_names(&self) -> impl Iterator<Item = (&'a Hostname, &'a ServerName)> {
        self.exact.iter().filter_map(|(&host, &i)| {
            let rule = self.rules.get(i)?;
            let name = rule.server_name()?;
            rule.mark_used();
            self.broken(rule).is_none().then_some((host, name))
        })
    }

    /// Replaces the findings about rules that bear on nothing here by a word about that: a warning
    /// where no alias has a name that the rule may have been meant for, unless it is plainly about other
    /// traffic; a note where narrower rules hold instead.
    pub(super) fn report_unused(&self, aliases: &[Alias<'_>]) {
        for rule in &self.rules {
            let first = rule.before.and_then(|i| self.rules.get(i)).unwrap_or(rule);
            if first.used.get() || rule.loaded.value.host.is_none() {
                continue;
            }
            rule.loaded.report.clear();
            let Loaded {
                value,
                mark,
                report,
            } = rule.loaded;
            let Some(host) = &value.host else { continue };
            let narrower = aliases.iter().any(|alias| host.matches(&alias.host.value));
            match (narrower, value.is_mesh_tls()) {
                (false, true) => report.warning_with_fix(
                    Code::IdleRule,
                    *mark,
                    format!("is passed over: its host {host} is no alias here"),
                    "write the host of the alias, if it is meant for one",
                ),
                (false, false) => report.note(
                    Code::PassedOver,
                    *mark,
                    "is passed over: its host is no alias here",
                ),
                (true, _) => report.note(
                    Code::PassedOver,
                    *mark,
                    "is passed over: it holds for no alias here that has no narrower rule",
                ),
            }
        }
    }
}

impl<'a> Rule<'a> {
    pub(super) fn mark_used(&self) {
        self.used.set(true);
    }

    /// The server name that the rule gives, if its TLS is the mesh's.
    pub(super) fn server_name(&self) -> Option<&'a ServerName> {
        let rule = &self.loaded.value;
        rule.tls
            .sni
            .as_ref()
            .filter(|_| rule.is_mesh_tls())
            .map(|sni| &sni.value)
    }
}

fn same(one: &Tls, two: &Tls) -> bool {
    let mode = |tls: &Tls| tls.mode.map(|(mode, _)| mode);
    let sni = |tls: &Tls| tls.sni.as_ref().map(|sni| sni.value.clone());
    let identities = |tls: &Tls| {
        tls.identities
            .iter()
            .map(|identity| identity.value.clone())
            .collect::<Vec<_>>()
    };
    mode(one) == mode(two) && sni(one) == sni(two) && identities(one) == identities(two)
}
