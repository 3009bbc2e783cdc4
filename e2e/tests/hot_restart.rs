//! Hot restart on the path of a real replica, under load: the replica's connection goes on through one
//! gateway process after another, and so does the source's thread that sends to it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use eastwest::mysql::Flavor;
use eastwest_e2e::faults::{Fault, Ground};
use eastwest_e2e::installed;

#[test]
fn a_replica_does_not_notice_that_gateways_follow_each_other() {
    let test = "a_replica_does_not_notice_that_gateways_follow_each_other";
    let Some(installed) = installed(Flavor::MySql, test) else {
        return;
    };
    let mut ground = Ground::prepare(installed).unwrap();
    for _ in 0..2 {
        // Three new gateways, each of which waits until the one before it has ended in order.
        let outcome = ground.suffer(Fault::GatewaySucceeded).unwrap();
        let problems = outcome.problems();
        assert!(problems.is_empty(), "{problems:?} in {outcome:?}");
        assert_eq!(outcome.told, None, "the replica's connection was cut");
        assert_eq!(outcome.thread_gone, None, "the source has another thread");
        assert!(outcome.reasons.is_empty(), "{:?}", outcome.reasons);
    }
}

#[test]
fn a_replica_survives_the_death_of_either_gateway_of_a_handover() {
    let test = "a_replica_survives_the_death_of_either_gateway_of_a_handover";
    let Some(installed) = installed(Flavor::MySql, test) else {
        return;
    };
    let mut ground = Ground::prepare(installed).unwrap();
    for _ in 0..3 {
        for fault in [Fault::OldGatewayKilled, Fault::NewGatewayKilled] {
            let outcome = ground.suffer(fault).unwrap();
            let problems = outcome.problems();
            assert!(problems.is_empty(), "{problems:?} in {outcome:?}");
        }
    }
    // Whoever has been left is one that can be succeeded.
    let outcome = ground.suffer(Fault::GatewaySucceeded).unwrap();
    assert!(outcome.problems().is_empty(), "{outcome:?}");
}
