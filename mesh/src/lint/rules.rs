//! Which DestinationRule holds for a host, in the cluster of the client.

use super::world::Item;
use crate::hostname::Hostname;
use crate::kinds::destination_rule::RuleHost;
use crate::manifest::Kind;
use crate::yaml::Node;

pub(super) struct Rules<'a> {
    rules: Vec<Rule<'a>>,
}

pub(super) struct Rule<'a> {
    pub(super) item: &'a Item<'a>,
    host: RuleHost,
    pub(super) tls: Option<&'a Node>,
}

impl<'a> Rules<'a> {
    pub(super) fn of(items: &'a [Item<'a>], domain: &Hostname) -> Self {
        let rule = |item: &'a Item<'a>| {
            let spec = item.spec().filter(|_| item.is(Kind::DestinationRule))?;
            let host = spec.get("host")?.text()?;
            Some(Rule {
                item,
                host: RuleHost::parse(host, item.object.namespace(), domain).ok()?,
                tls: spec.at(&["trafficPolicy", "tls"]),
            })
        };
        Self {
            rules: items.iter().filter_map(rule).collect(),
        }
    }

    /// The narrowest rule for `host`; of two, the first. One of another folder counts where the
    /// host's own has none: people also sort their files by kind.
    pub(super) fn find(&self, cluster: usize, host: &Hostname) -> Option<&Rule<'a>> {
        let narrowest = |own: bool| {
            self.rules
                .iter()
                .filter(|rule| (rule.item.cluster == cluster) == own && rule.host.matches(host))
                .rev()
                .max_by_key(|rule| rule.host.narrowness())
        };
        narrowest(true).or_else(|| narrowest(false))
    }
}

impl<'a> Rule<'a> {
    pub(super) fn mode(&self) -> Option<&'a Node> {
        self.tls?.get("mode")
    }

    pub(super) fn is_mutual(&self) -> bool {
        self.mode().and_then(Node::text) == Some("ISTIO_MUTUAL")
    }
}
