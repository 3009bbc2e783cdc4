//! What could not be read, and what it may have said.
//!
//! A policy that is lost leaves more callers in than were meant, and a lost DestinationRule more
//! identities at a far end. Whoever serves must know that something may be missing.

use crate::finding::Finding;

/// The parts of the files that could not be read and may narrow whom to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    callers: Vec<Finding>,
    far_ends: Vec<Finding>,
}

/// What something unreadable may have narrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MayNarrow {
    /// It is none of the kinds that narrow anything.
    Nothing,
    /// An AuthorizationPolicy may be lost.
    Callers,
    /// A DestinationRule may be lost.
    FarEnds,
    /// Either may be.
    Anything,
}

impl Unread {
    pub(crate) fn add(&mut self, what: MayNarrow, why: &Finding) {
        if matches!(what, MayNarrow::Callers | MayNarrow::Anything) {
            self.callers.push(why.clone());
        }
        if matches!(what, MayNarrow::FarEnds | MayNarrow::Anything) {
            self.far_ends.push(why.clone());
        }
    }

    /// What may be an AuthorizationPolicy with action DENY.
    #[must_use]
    pub fn callers(&self) -> &[Finding] {
        &self.callers
    }

    /// What may be a DestinationRule that says who is at a far end.
    #[must_use]
    pub fn far_ends(&self) -> &[Finding] {
        &self.far_ends
    }
}
