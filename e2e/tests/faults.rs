//! Faults on the path of a real replica, under load: it is told in time, goes on by itself, and has
//! every row once. All faults there are, with their times: `docs/faults.md`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use eastwest::mysql::Flavor;
use eastwest_e2e::faults::{Fault, Ground};
use eastwest_e2e::installed;

fn survives(faults: &[Fault], test: &str) {
    let Some(installed) = installed(Flavor::MySql, test) else {
        return;
    };
    let mut ground = Ground::prepare(installed).unwrap();
    for &fault in faults {
        let outcome = ground.suffer(fault).unwrap_or_else(|error| {
            panic!("{}: {error}", fault.name());
        });
        let problems = outcome.problems();
        assert!(problems.is_empty(), "{problems:?} in {outcome:?}");
    }
}

#[test]
fn a_replica_survives_the_death_of_any_process_of_its_path() {
    survives(
        &[
            Fault::CallingShimKilled,
            // Whether a question is lost with it is chance.
            Fault::CallingShimWithDnsKilled,
            Fault::CallingShimWithDnsKilled,
            Fault::CallingShimWithDnsKilled,
            Fault::CalledShimKilled,
            Fault::GatewayKilled,
            Fault::ResolverKilled,
            Fault::SourceKilled,
            Fault::ReplicaKilled,
            Fault::SourceMoved,
            Fault::LogDiskFull,
        ],
        "a_replica_survives_the_death_of_any_process_of_its_path",
    );
}

#[test]
fn a_replica_survives_a_path_that_is_broken_without_a_word() {
    survives(
        &[
            Fault::BlackHole,
            Fault::NodeForgets,
            Fault::GatewayFrozenGivenUp,
        ],
        "a_replica_survives_a_path_that_is_broken_without_a_word",
    );
}
