//! Why a route is as it is, for people.

use crate::peer::OWN_TRUST_DOMAIN;

/// Sentences, each with the place in the files that it speaks of.
///
/// Two are always equal: a route is the same, whoever wrote it and wherever.
#[derive(Clone, Debug, Default)]
pub struct Because(Vec<String>);

impl Because {
    /// One more.
    pub(crate) fn add(&mut self, sentence: impl Into<String>) {
        self.0.push(sentence.into());
    }

    /// The sentences, seen from a workload of `own_trust_domain`.
    #[must_use]
    pub fn sentences(&self, own_trust_domain: &str) -> Vec<String> {
        let filled = |sentence: &String| sentence.replace(OWN_TRUST_DOMAIN, own_trust_domain);
        self.0.iter().map(filled).collect()
    }
}

impl PartialEq for Because {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Because {}
