//! Why a route is as it is, for people.

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

    /// The sentences, in the order of a connection's way.
    #[must_use]
    pub fn sentences(&self) -> &[String] {
        &self.0
    }
}

impl PartialEq for Because {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Because {}
