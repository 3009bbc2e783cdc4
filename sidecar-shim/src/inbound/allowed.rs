//! Who may use which port of this pod: flags and AuthorizationPolicies, nobody by default.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use eastwest_mesh::{Denial, InboundPolicy, Principal, SpiffePattern};

/// One `--allow`: an identity, for one port or for all.
#[derive(Debug, Clone)]
pub struct AllowRule {
    port: Option<NonZeroU16>,
    who: SpiffePattern,
}

/// A `--allow` that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct AllowRuleError(String);

impl FromStr for AllowRule {
    type Err = AllowRuleError;

    /// `spiffe://td/ns/NS/sa/*`, or `3306=spiffe://...` for one port.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (port, who) = match text.split_once('=') {
            Some((port, who)) => {
                let number = port.parse().map_err(|_| {
                    AllowRuleError(format!("{port:?} is not a port from 1 to 65535"))
                })?;
                (Some(number), who)
            }
            None => (None, text),
        };
        let who = who
            .parse::<SpiffePattern>()
            .map_err(|e| AllowRuleError(e.to_string()))?;
        Ok(Self { port, who })
    }
}

impl AllowRule {
    fn is_for(&self, port: NonZeroU16) -> bool {
        self.port.is_none_or(|only| only == port)
    }

    /// The only port that it is for.
    pub(crate) const fn port(&self) -> Option<NonZeroU16> {
        self.port
    }
}

impl fmt::Display for AllowRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{port}={}", self.who),
            None => self.who.fmt(f),
        }
    }
}

/// The whole list.
#[derive(Debug)]
pub(crate) struct Allowed {
    rules: Vec<AllowRule>,
    policy: InboundPolicy,
}

impl Allowed {
    pub(crate) const fn new(rules: Vec<AllowRule>, policy: InboundPolicy) -> Self {
        Self { rules, policy }
    }

    /// Whether nobody at all can ever come in.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.policy.is_empty()
    }

    /// Whom `--allow` and the policies name for this port.
    pub(crate) fn callers(&self, port: NonZeroU16) -> Vec<String> {
        let rules = self.rules.iter().filter(|rule| rule.is_for(port));
        let by_flag = rules.map(|rule| rule.who.to_string());
        by_flag.chain(self.policy.callers(port)).collect()
    }

    /// What makes that list, in sentences.
    pub(crate) fn sentences(&self, port: NonZeroU16) -> Vec<String> {
        let rules = self.rules.iter().filter(|rule| rule.is_for(port));
        let by_flag = rules.map(|rule| format!("--allow {rule} lets callers in"));
        by_flag.chain(self.policy.sentences(port)).collect()
    }

    /// Why nobody may call this port, if nobody may.
    pub(crate) fn why_closed(&self, port: NonZeroU16) -> Option<String> {
        let open_to_some = !self.callers(port).is_empty();
        match self.policy.why_closed() {
            Some(why) => Some(why.to_owned()),
            None if open_to_some => None,
            None => Some("no --allow and no ALLOW policy is for this port".to_owned()),
        }
    }

    /// A DENY of a policy outweighs any flag; beyond that, one ALLOW of either kind is enough.
    pub(crate) fn check(&self, port: NonZeroU16, peer: &Principal<'_>) -> Result<(), String> {
        let denial = match self.policy.allows(port, peer) {
            Ok(()) => return Ok(()),
            Err(denial) => denial,
        };
        let by_flag = self
            .rules
            .iter()
            .any(|rule| rule.is_for(port) && rule.who.matches(peer.trust_domain, peer.path));
        let explicit = matches!(denial, Denial::Denied { .. });
        match (by_flag, explicit, self.rules.as_slice()) {
            (true, false, _) => Ok(()),
            (_, false, [_, ..]) => Err(format!(
                "no --allow ({}) has {peer} for port {port}; beside it, {denial}",
                self.rules
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(", ")
            )),
            _ => Err(denial.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(rules: &[&str], port: u16, path: &str) -> Result<(), String> {
        let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        let peer = Principal {
            trust_domain: "td",
            path,
        };
        Allowed::new(rules, InboundPolicy::default()).check(port.try_into().unwrap(), &peer)
    }

    #[test]
    fn a_rule_for_one_port_holds_for_no_other() {
        let rules = ["3306=spiffe://td/ns/pxc/sa/db"];
        assert_eq!(allows(&rules, 3306, "/ns/pxc/sa/db"), Ok(()));
        let refused = allows(&rules, 8080, "/ns/pxc/sa/db").unwrap_err();
        assert!(refused.starts_with(
            "no --allow (3306=spiffe://td/ns/pxc/sa/db) has spiffe://td/ns/pxc/sa/db for port 8080"
        ), "{refused}");
    }

    #[test]
    fn a_port_that_no_rule_is_for_is_closed_and_says_so() {
        let rules = vec!["3306=spiffe://td/ns/pxc/sa/db".parse().unwrap()];
        let allowed = Allowed::new(rules, InboundPolicy::default());
        assert_eq!(allowed.why_closed(3306.try_into().unwrap()), None);
        let why = allowed.why_closed(33060.try_into().unwrap());
        assert_eq!(
            why.as_deref(),
            Some("no --allow and no ALLOW policy is for this port")
        );
    }

    #[test]
    fn a_rule_without_a_port_holds_for_all_but_for_its_identities_only() {
        let rules = ["spiffe://td/ns/pxc/sa/*"];
        assert_eq!(allows(&rules, 3306, "/ns/pxc/sa/db"), Ok(()));
        assert_eq!(allows(&rules, 8080, "/ns/pxc/sa/other"), Ok(()));
        assert!(allows(&rules, 8080, "/ns/px/sa/db").is_err());
        assert!(allows(&[], 8080, "/ns/pxc/sa/db").is_err());
    }

    #[test]
    fn a_port_that_is_none_is_named() {
        let error = "70000=spiffe://td/*".parse::<AllowRule>().unwrap_err();
        assert_eq!(error.to_string(), "\"70000\" is not a port from 1 to 65535");
    }
}
