//! What is said of names that nobody has written down, so that anybody can make them up.

use tokio::time::advance;

use super::lapsed::{PAST, QUARTER, fail, listed, reason, route, talk};
use super::*;

#[tokio::test(start_paused = true)]
async fn a_name_that_somebody_made_up_is_not_down_and_is_forgotten() {
    for (code, why) in [
        ("name_not_found", "nobody has it: "),
        ("dial_refused", "nothing has ever come back: "),
    ] {
        let context = listed(Listing::ByPattern);
        fail(&context, code);
        let made_up = route(&context);
        assert_eq!(made_up["state"], "unknown");
        assert!(reason(&made_up).contains(why), "{made_up}");
        advance(QUARTER).await;
        assert_eq!(told(&context)["routes"], json!([]));
        let tally = context.connections.tally(Direction::Outbound, NAME);
        assert!(tally.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_under_a_pattern_that_has_led_somewhere_is_down_when_it_leads_nowhere() {
    let context = listed(Listing::ByPattern);
    talk(&context);
    advance(PAST).await;
    fail(&context, "dial_refused");
    assert_eq!(route(&context)["state"], "down");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_written_down_and_that_nobody_has_is_down() {
    let context = listed(Listing::Named);
    fail(&context, "name_not_found");
    assert_eq!(route(&context)["state"], "down");
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_was_scaled_away_is_forgotten_and_one_that_is_idle_is_not() {
    let context = listed(Listing::ByPattern);
    talk(&context);
    advance(QUARTER).await;
    assert_eq!(route(&context)["state"], "up");
    fail(&context, "dial_refused");
    advance(QUARTER).await;
    assert!(reason(&route(&context)).starts_with("it was down at "));
    fail(&context, "name_not_found");
    assert_eq!(route(&context)["state"], "unknown");
    advance(QUARTER).await;
    assert_eq!(told(&context)["routes"], json!([]));
}
