//! Every load through every way, in turns.

use std::collections::BTreeMap;

use super::args::LoadArgs;
use super::progress::Progress;
use super::results::Results;
use super::way::Way;

/// A load that a way does not carry is not tried for ever.
const TRIES: usize = 2;

/// Measures all of it. What goes wrong in one round is in the results, and the others go on.
///
/// # Errors
/// When a program is no more.
pub(super) fn run(args: &LoadArgs, ways: &[Way]) -> anyhow::Result<Results> {
    let loads = args.loads();
    let throughs = ways.iter().map(|way| way.through).collect();
    let mut results = Results::new(loads.clone(), throughs);
    let pace = args.pace();
    let rounds = usize::from(args.rounds);
    let mut progress = Progress::of(rounds * loads.len() * ways.len());
    let mut failed: BTreeMap<_, usize> = BTreeMap::new();
    for round in 0..rounds {
        for load in &loads {
            // Each begins with another one: what the machine does meanwhile meets all alike.
            for at in 0..ways.len() {
                let Some(way) = ways.get((at + round) % ways.len()) else {
                    continue;
                };
                progress.step(&format!(
                    "round {} of {rounds}, {} through {}",
                    round + 1,
                    load.key(),
                    way.through
                ));
                let failures = failed.entry((*load, way.through)).or_default();
                if *failures >= TRIES {
                    continue;
                }
                match load.take(way.entry, &way.meter()?, pace) {
                    Ok(taken) => results.keep(round, *load, way.through, &taken),
                    Err(error) => {
                        *failures += 1;
                        results.fail(round, *load, way.through, &error);
                    }
                }
            }
        }
    }
    Ok(results)
}
