use tokio::time::Instant;

use super::*;

const POLICY: DrainPolicy = DrainPolicy {
    lame_duck: Duration::from_secs(5),
    grace: Duration::from_secs(20),
};

/// Starts a drain and lets it get to its first wait.
async fn start_drain(shutdown: &Shutdown) -> JoinHandle<Drained> {
    let drain = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { shutdown.drain(&POLICY).await }
    });
    tokio::task::yield_now().await;
    drain
}

#[tokio::test(start_paused = true)]
async fn keeps_accepting_through_the_lame_duck_time() {
    let shutdown = Shutdown::new();
    let begun = Instant::now();
    let drain = start_drain(&shutdown).await;
    assert_eq!(shutdown.phase(), Phase::LameDuck);
    assert!(shutdown.is_draining());
    assert!(!shutdown.stop_accepting_token().is_cancelled());

    shutdown.stop_accepting().await;
    assert_eq!(begun.elapsed(), POLICY.lame_duck);
    assert_eq!(drain.await.unwrap(), Drained { reset: 0 });
}

#[tokio::test(start_paused = true)]
async fn ends_as_soon_as_the_last_connection_has_ended() {
    let shutdown = Shutdown::new();
    shutdown.spawn(tokio::time::sleep(Duration::from_secs(12)));
    let begun = Instant::now();
    let drained = start_drain(&shutdown).await.await.unwrap();
    assert_eq!(drained, Drained { reset: 0 });
    assert_eq!(begun.elapsed(), Duration::from_secs(12));
    assert!(!shutdown.aborted_token().is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn resets_what_is_left_when_the_grace_time_is_over() {
    let shutdown = Shutdown::new();
    let begun = Instant::now();
    let connection = shutdown.spawn({
        let shutdown = shutdown.clone();
        async move {
            shutdown.aborted().await;
            Instant::now()
        }
    });
    let drained = start_drain(&shutdown).await.await.unwrap();
    assert_eq!(drained, Drained { reset: 1 });
    assert_eq!(
        connection.await.unwrap() - begun,
        POLICY.lame_duck + POLICY.grace
    );
    assert_eq!(shutdown.phase(), Phase::Aborting);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_does_not_listen_holds_the_end_up_for_one_second_at_most() {
    let shutdown = Shutdown::new();
    shutdown.spawn(std::future::pending::<()>());
    let begun = Instant::now();
    assert_eq!(shutdown.abort().await, Drained { reset: 1 });
    assert_eq!(begun.elapsed(), ABORT_TIME);
}

#[tokio::test]
async fn the_first_request_to_drain_stands_and_quit_cuts_it_short() {
    let shutdown = Shutdown::new();
    shutdown.request_drain(true, "POST /drain");
    shutdown.request_drain(false, "SIGINT");
    let first = EndRequest::Drain {
        lame_duck: true,
        cause: "POST /drain".to_owned(),
    };
    assert_eq!(shutdown.requested(false).await, first);

    shutdown.quit();
    assert_eq!(shutdown.requested(true).await, EndRequest::Quit);
}

#[tokio::test]
async fn a_failure_is_not_overwritten_by_a_later_quit() {
    let shutdown = Shutdown::new();
    shutdown.fail("the listener is gone");
    shutdown.quit();
    let failed = EndRequest::Failed("the listener is gone".to_owned());
    assert_eq!(shutdown.requested(true).await, failed);
}
