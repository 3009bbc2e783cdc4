//! Every load through every way, in turns.

use std::collections::BTreeMap;

use super::args::LoadArgs;
use super::progress::Progress;
use super::results::Results;
use super::way::Way;

/// A load that a way does not carry is not tried for ever.
pub(super) const TRIES: usize = 2;

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
                    results.leave_out(*load, way.through);
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

#[cfg(test)]
mod tests {
    use clap::Parser;
    use tokio::net::TcpSocket;

    use super::super::args::BenchArgs;
    use super::super::way::Through;
    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        bench: BenchArgs,
    }

    #[test]
    fn a_load_that_a_way_does_not_carry_is_tried_twice_and_the_rest_is_told() {
        // Nobody else can have an address that is bound, and nobody listens there.
        let bound = TcpSocket::new_v4().unwrap();
        bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let way = Way::to(Through::Path, bound.local_addr().unwrap(), None).unwrap();
        let flags = ["bench", "--only", "requests", "--rounds", "5"];
        let args = Cli::try_parse_from(flags).unwrap().bench.load;
        let results = run(&args, &[way]).unwrap();
        assert_eq!(results.failures().len(), TRIES);
        let left_out = results.left_out();
        assert_eq!(left_out.len(), 1);
        assert_eq!(
            (left_out[0].load.as_str(), left_out[0].rounds),
            ("requests", 5 - TRIES)
        );
    }
}
