//! What is told of connections that another process has had.

use super::*;

#[test]
fn bytes_of_the_process_before_are_not_counted_again() {
    let context = with(Vec::new());
    let bytes = ByteCounts::default();
    bytes[1].store(100, Ordering::Relaxed);
    let guard = open(&context, &bytes);
    guard.goes_on_relaying(&Talk::default());
    bytes[1].store(130, Ordering::Relaxed);
    assert_eq!(told(&context)["routes"][0]["bytes_to_peer"], 30);
    drop(guard);
    assert_eq!(told(&context)["totals"]["bytes_to_peer"], 30);
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_the_process_before_is_no_later_word_than_a_failure_in_this_one() {
    let context = with(vec![gateway(EndpointState::Up)]);
    let hour = std::time::Duration::from_secs(3600);
    tokio::time::advance(hour).await;
    open(&context, &ByteCounts::default()).end(&failure("dial_refused"));
    let bytes = ByteCounts::default();
    bytes[1].store(100, Ordering::Relaxed);
    let info = ConnectionInfo {
        direction: Direction::Outbound,
        peer: ([127, 0, 0, 1], 40_000).into(),
        bytes: Arc::clone(&bytes),
    };
    let guard = context.connections.go_on(9, info, hour / 2);
    guard.set_route(NAME, ALIAS);
    guard.goes_on_relaying(&Talk::default());
    let route = told(&context)["routes"][0].take();
    assert_eq!(
        (&route["state"], &route["answered"]),
        (&json!("degraded"), &json!(1))
    );
    assert_eq!(route["last"]["outcome"], "failed");
    drop(guard);
    assert_eq!(told(&context)["routes"][0]["state"], "down");
}
