//! What is known of a connection: its name, and when it came how far.

use eastwest_daemon::Step;
use eastwest_transport::client_hello::ConnectionId;
use tokio::time::Instant;

use super::*;

#[tokio::test]
async fn the_callers_shim_and_the_pods_call_a_connection_the_same() {
    let pod = pod(1).await;
    let tunnel = pod
        .caller
        .open(&pod.route(port(&pod.app)), &Steps::default())
        .await;
    let tunnel = tunnel.unwrap_or_else(|error| panic!("{error}"));
    let rows = pod.context.connections.snapshot();
    let id = rows[0].connection_id.map(|id| id.0);
    assert!(id.is_some());
    assert_eq!(tunnel.id.map(ConnectionId::get), id);
}

#[tokio::test]
async fn a_connection_that_was_turned_away_has_a_name_too() {
    let pod = pod(1).await;
    let other = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let opening = pod
        .caller
        .open(&pod.route(port(&other)), &Steps::default())
        .await;
    assert!(opening.err().unwrap().connection_id().is_some());
}

#[tokio::test]
async fn the_callers_shim_and_the_pods_know_when_it_came_how_far() {
    let pod = pod(1).await;
    let (begun, steps) = (Instant::now(), Steps::default());
    let route = pod.route(port(&pod.app));
    let tunnel = pod.caller.open(&route, &steps).await;
    let _tunnel = tunnel.unwrap_or_else(|error| panic!("{error}"));
    let took = begun.elapsed();
    let [connect, hello, done] =
        [Step::Connect, Step::Hello, Step::Handshake].map(|step| steps.taken(step).unwrap());
    assert!(connect <= hello && hello < done && done <= took);
    assert_eq!(steps.taken(Step::Dns), None, "it has an address");
    // The app is dialled when the caller has been let in.
    let _app = timeout(PATIENCE, pod.app.accept()).await.unwrap().unwrap();
    let taken = || {
        let recorded = pod.context.connections.timelines(1);
        let times = recorded.timelines.first()?.milliseconds;
        Some((times.hello?, times.handshake?, times.connect?))
    };
    let taken = timeout(PATIENCE, async {
        loop {
            match taken() {
                Some(taken) => break taken,
                None => tokio::task::yield_now().await,
            }
        }
    });
    let (hello, done, connect) = taken.await.unwrap();
    assert!(hello < done && done <= connect);
}
