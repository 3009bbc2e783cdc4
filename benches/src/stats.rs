//! Statistics of a few rounds: the median, how far it can be trusted, and ratios.

use serde::Serialize;

/// A ratio of fewer rounds than this is not told: on a shared machine it may be anything.
pub const LEAST_ROUNDS: usize = 5;

/// What the rounds of one figure say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The least of all rounds.
    pub min: f64,
    /// The most.
    pub max: f64,
    /// The median of the distances from the median, which one bad round does not move.
    pub mad: f64,
    /// How many rounds.
    pub rounds: usize,
}

impl Spread {
    /// Of some figures; `None` of none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let middle = median(values)?;
        let distances: Vec<_> = values.iter().map(|value| (value - middle).abs()).collect();
        Some(Self {
            median: middle,
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            mad: median(&distances)?,
            rounds: values.len(),
        })
    }
}

/// Why there is no ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRatio {
    /// Of so few rounds none is told.
    #[error("{0} rounds, and a ratio needs {LEAST_ROUNDS}")]
    TooFewRounds(usize),
    /// One has rounds that failed: which of the other's are theirs is not known.
    #[error("{0} rounds beside {1}: no telling which belong together")]
    Uneven(usize, usize),
    /// Something cannot be divided by nothing.
    #[error("the other figure is nothing")]
    ByNothing,
}

/// One figure over another, taken round by round: what slows a whole round down is in both.
///
/// # Errors
/// [`NoRatio`], from fewer than five rounds that both have, or where one has more of them.
pub fn ratio(one: &[f64], other: &[f64]) -> Result<Spread, NoRatio> {
    let rounds = one.len().min(other.len());
    if rounds < LEAST_ROUNDS {
        return Err(NoRatio::TooFewRounds(rounds));
    }
    if one.len() != other.len() {
        return Err(NoRatio::Uneven(one.len(), other.len()));
    }
    if other.contains(&0.0) {
        return Err(NoRatio::ByNothing);
    }
    let ratios: Vec<_> = one
        .iter()
        .zip(other)
        .map(|(one, other)| one / other)
        .collect();
    Spread::of(&ratios).ok_or(NoRatio::TooFewRounds(0))
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get(sorted.len() / 2 - 1)?;
    Some(f64::midpoint(lower, upper))
}

/// Times of single events, in nanoseconds, sorted.
#[derive(Debug)]
pub struct Latencies(Vec<u32>);

impl Latencies {
    /// Of the times as they came.
    pub fn of(mut nanoseconds: Vec<u32>) -> Self {
        nanoseconds.sort_unstable();
        Self(nanoseconds)
    }

    /// The time in microseconds that this many of 1,000 do not exceed (nearest rank).
    pub fn per_mille(&self, per_mille: usize) -> Option<f64> {
        let rank = (self.0.len() * per_mille).div_ceil(1000).max(1);
        self.0.get(rank - 1).map(|time| f64::from(*time) / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two_middles() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn one_bad_round_moves_the_maximum_and_nothing_else() {
        let spread = Spread::of(&[1.0, 1.1, 0.9, 1.0, 50.0]).unwrap();
        assert_eq!(spread.median, 1.0);
        assert_eq!((spread.min, spread.max, spread.rounds), (0.9, 50.0, 5));
        assert!(spread.mad < 0.11, "{}", spread.mad);
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn no_ratio_is_told_of_fewer_than_five_rounds() {
        let four = [1.0; 4];
        let five = [1.0; 5];
        assert_eq!(ratio(&four, &five), Err(NoRatio::TooFewRounds(4)));
        assert_eq!(ratio(&five, &four), Err(NoRatio::TooFewRounds(4)));
        assert_eq!(ratio(&five, &five).unwrap().median, 1.0);
    }

    #[test]
    fn no_ratio_is_told_where_a_round_of_one_has_failed() {
        assert_eq!(ratio(&[1.0; 6], &[1.0; 5]), Err(NoRatio::Uneven(6, 5)));
    }

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        // Rounds get slower for both alike: the medians alone would say the same, the spread not.
        let ours = [1.0, 2.0, 3.0, 4.0, 5.0];
        let theirs = [2.0, 4.0, 6.0, 8.0, 10.0];
        let ratio = ratio(&ours, &theirs).unwrap();
        assert_eq!((ratio.min, ratio.median, ratio.max), (0.5, 0.5, 0.5));
    }

    #[test]
    fn nothing_is_divided_by_nothing() {
        assert_eq!(ratio(&[1.0; 5], &[0.0; 5]), Err(NoRatio::ByNothing));
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let latencies = Latencies::of((1..=1000).rev().map(|n| n * 1000).collect());
        assert_eq!(latencies.per_mille(500), Some(500.0));
        assert_eq!(latencies.per_mille(990), Some(990.0));
        assert_eq!(latencies.per_mille(999), Some(999.0));
        let one = Latencies::of(vec![7000]);
        assert_eq!(one.per_mille(500), Some(7.0));
        assert_eq!(one.per_mille(999), Some(7.0));
        assert_eq!(Latencies::of(Vec::new()).per_mille(500), None);
    }
}
