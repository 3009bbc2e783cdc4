//! What says nothing against a connection that goes on.

use std::time::Duration;

use tokio::time::advance;

use super::lapsed::{PAST, QUARTER, fail, listed, route};
use super::*;

/// A connection on which something has come back.
fn talking(context: &Context) -> ConnectionGuard {
    let bytes = ByteCounts::default();
    let connection = open(context, &bytes);
    connection.relays(&Talk::default());
    bytes[1].store(1, Ordering::Relaxed);
    assert_eq!(route(context)["state"], "up");
    connection
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_says_nothing_against_one_that_talks() {
    let context = listed(Listing::Named);
    let replication = talking(&context);
    advance(PAST).await;
    let pooled = open(&context, &ByteCounts::default());
    pooled.relays(&Talk::default());
    advance(Duration::from_secs(10)).await;
    let up = || {
        let route = route(&context);
        assert_eq!(route["last"]["outcome"], "silent");
        assert_eq!(
            (&route["state"], &route["reason"]),
            (&json!("up"), &json!(null))
        );
        assert_eq!(route["endpoints"][0]["state"], "up");
    };
    up();
    // One that is over without a word, as a checker's, neither.
    drop(pooled);
    open(&context, &ByteCounts::default()).relays(&Talk::default());
    up();
    drop(replication);
    assert_eq!(route(&context)["state"], "unknown");
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_long_ago_says_nothing_against_a_connection_that_talks() {
    let context = listed(Listing::Named);
    let replication = talking(&context);
    advance(PAST).await;
    fail(&context, "dial_refused");
    advance(QUARTER - PAST).await;
    let degraded = route(&context);
    assert_eq!(
        (&degraded["state"], &degraded["endpoints"][0]["state"]),
        (&json!("degraded"), &json!("down"))
    );
    advance(PAST).await;
    let up = route(&context);
    assert_eq!(
        (&up["state"], &up["reason"], &up["last"]["outcome"]),
        (&json!("up"), &json!(null), &json!("failed"))
    );
    let place = &up["endpoints"][0];
    assert_eq!(
        (&place["state"], &place["reason"]),
        (&json!("up"), &json!(null))
    );
    // When it is over nobody knows.
    drop(replication);
    assert_eq!(route(&context)["state"], "unknown");
}
