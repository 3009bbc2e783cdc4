//! The clocks of the programs that do one job, each by its share in it.

use std::time::Duration;

use eastwest_benches::meter;

use crate::row::Share;

/// The clocks of the programs that do one job.
pub(crate) type Meter = meter::Meter<Share>;
/// A stretch of load, and what it has cost.
pub(crate) type Window = meter::Window<Share>;

/// CPU time of all programs, and of each where there are several. Nothing where there is none:
/// without a program in between there is nobody whose time could be told.
pub(crate) fn shares(window: &Window) -> Vec<(Share, Duration)> {
    match window.programs.as_slice() {
        [] => Vec::new(),
        [(_, one)] => vec![(Share::Whole, *one)],
        several => {
            let sum = several.iter().map(|(_, used)| *used).sum();
            let mut shares = vec![(Share::Whole, sum)];
            shares.extend(several);
            shares
        }
    }
}

/// Two seconds in which nobody else did anything.
#[cfg(test)]
pub(crate) const fn two_seconds_of(programs: Vec<(Share, Duration)>, count: u64) -> Window {
    Window {
        wall: Duration::from_secs(2),
        programs,
        load: Duration::ZERO,
        others: Duration::ZERO,
        stolen: Duration::ZERO,
        count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ends_are_told_alone_and_together() {
        let (client, server) = (Duration::from_millis(3), Duration::from_millis(4));
        let ends = vec![(Share::ClientEnd, client), (Share::ServerEnd, server)];
        assert_eq!(
            shares(&two_seconds_of(ends, 10)),
            [
                (Share::Whole, client + server),
                (Share::ClientEnd, client),
                (Share::ServerEnd, server)
            ]
        );
    }

    #[test]
    fn one_program_is_the_whole_and_none_is_nothing() {
        let one = vec![(Share::ServerEnd, Duration::from_millis(4))];
        assert_eq!(
            shares(&two_seconds_of(one, 10)),
            [(Share::Whole, Duration::from_millis(4))]
        );
        let none = two_seconds_of(Vec::new(), 10);
        assert!(shares(&none).is_empty());
        assert_eq!(none.rate(), 5.0);
    }
}
