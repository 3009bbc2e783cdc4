//! Statistics of a few rounds: the median, how far it can be trusted, and ratios.

mod rounds;

use serde::Serialize;

pub use rounds::{NoRatio, Rounds, ratio};

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
pub struct Latencies<T = u32>(Vec<T>);

impl<T: Copy + Ord + Into<u64>> Latencies<T> {
    /// Of the times as they came.
    pub fn of(mut nanoseconds: Vec<T>) -> Self {
        nanoseconds.sort_unstable();
        Self(nanoseconds)
    }

    /// The time in microseconds that this many of 1,000 do not exceed (nearest rank).
    pub fn per_mille(&self, per_mille: usize) -> Option<f64> {
        let rank = (self.0.len() * per_mille).div_ceil(1000).max(1);
        let time: u64 = (*self.0.get(rank - 1)?).into();
        Some(time as f64 / 1000.0)
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
    fn percentiles_are_by_nearest_rank() {
        let latencies = Latencies::of((1_u32..=1000).rev().map(|n| n * 1000).collect());
        assert_eq!(latencies.per_mille(500), Some(500.0));
        assert_eq!(latencies.per_mille(990), Some(990.0));
        assert_eq!(latencies.per_mille(999), Some(999.0));
        let one = Latencies::of(vec![7000_u32]);
        assert_eq!(one.per_mille(500), Some(7.0));
        assert_eq!(one.per_mille(999), Some(7.0));
        assert_eq!(Latencies::<u32>::of(Vec::new()).per_mille(500), None);
    }

    #[test]
    fn a_time_may_be_longer_than_four_seconds() {
        let ten_seconds = Latencies::of(vec![10_000_000_000_u64]);
        assert_eq!(ten_seconds.per_mille(500), Some(10_000_000.0));
    }
}
