//! A figure of several rounds, by their numbers, and the ratio of two of them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{LEAST_ROUNDS, Spread};

/// One figure, of each round that has it. A round that failed leaves a gap, so that no other takes its
/// place.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Rounds(BTreeMap<usize, f64>);

impl Rounds {
    /// Of no round.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Keeps the figure of a round, in place of what it had before.
    pub fn keep(&mut self, round: usize, value: f64) {
        self.0.insert(round, value);
    }

    /// Of how many rounds there is a figure.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no round has one.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What they say together; `None` of none.
    pub fn spread(&self) -> Option<Spread> {
        Spread::of(&self.0.values().copied().collect::<Vec<_>>())
    }
}

impl FromIterator<(usize, f64)> for Rounds {
    fn from_iter<T: IntoIterator<Item = (usize, f64)>>(rounds: T) -> Self {
        Self(rounds.into_iter().collect())
    }
}

/// Why there is no ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRatio {
    /// Of so few rounds that both have none is told.
    #[error("{0} rounds of both, and a ratio needs {LEAST_ROUNDS}")]
    TooFewRounds(usize),
    /// Of so many that have to come in a round; what a figure of fewer says depends on one more or less.
    #[error("fewer than {0} came in a round")]
    TooFewCame(u64),
    /// Something cannot be divided by nothing.
    #[error("the other figure is nothing")]
    ByNothing,
}

/// One figure over another, taken round by round: what slows a whole round down is in both. A round that
/// only one of them has says nothing.
///
/// # Errors
/// [`NoRatio`], from fewer than five rounds that both have.
pub fn ratio(one: &Rounds, other: &Rounds) -> Result<Spread, NoRatio> {
    let pairs = one.0.iter().filter_map(|(round, one)| {
        let other = other.0.get(round)?;
        Some((*one, *other))
    });
    let pairs: Vec<_> = pairs.collect();
    if pairs.len() < LEAST_ROUNDS {
        return Err(NoRatio::TooFewRounds(pairs.len()));
    }
    if pairs.iter().any(|(_, other)| *other == 0.0) {
        return Err(NoRatio::ByNothing);
    }
    let ratios: Vec<_> = pairs.iter().map(|(one, other)| one / other).collect();
    Spread::of(&ratios).ok_or(NoRatio::TooFewRounds(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(values: &[f64]) -> Rounds {
        values.iter().copied().enumerate().collect()
    }

    #[test]
    fn no_ratio_is_told_of_fewer_than_five_rounds() {
        let (four, five) = (rounds(&[1.0; 4]), rounds(&[1.0; 5]));
        assert_eq!(ratio(&four, &five), Err(NoRatio::TooFewRounds(4)));
        assert_eq!(ratio(&five, &four), Err(NoRatio::TooFewRounds(4)));
        assert_eq!(ratio(&five, &five).unwrap().median, 1.0);
    }

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        // Rounds get slower for both alike: the medians alone would say the same, the spread not.
        let ours = rounds(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        let theirs = rounds(&[2.0, 4.0, 6.0, 8.0, 10.0]);
        let ratio = ratio(&ours, &theirs).unwrap();
        assert_eq!((ratio.min, ratio.median, ratio.max), (0.5, 0.5, 0.5));
    }

    #[test]
    fn a_round_that_failed_does_not_move_the_others() {
        // Each round is twice as slow as the one before. Ours has failed in one, theirs in another: as
        // many figures of both, of which four would be of different rounds.
        let all = |factor: f64, failed: usize| -> Rounds {
            let rounds = (0..8).filter(|round| *round != failed);
            rounds
                .map(|round| (round, factor * f64::from(1_u32 << round)))
                .collect()
        };
        let (ours, theirs) = (all(1.0, 2), all(2.0, 6));
        assert_eq!(ours.len(), theirs.len());
        let ratio = ratio(&ours, &theirs).unwrap();
        assert_eq!((ratio.min, ratio.max, ratio.rounds), (0.5, 0.5, 6));
    }

    #[test]
    fn rounds_that_only_one_has_are_none() {
        let late: Rounds = (4..14).map(|round| (round, 1.0)).collect();
        let early: Rounds = (0..8).map(|round| (round, 1.0)).collect();
        assert_eq!(ratio(&late, &early), Err(NoRatio::TooFewRounds(4)));
    }

    #[test]
    fn nothing_is_divided_by_nothing() {
        let (one, nothing) = (rounds(&[1.0; 5]), rounds(&[0.0; 5]));
        assert_eq!(ratio(&one, &nothing), Err(NoRatio::ByNothing));
    }
}
