//! A connection that is busy both ways.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::ground::Ground;
use crate::talk::exchange;

#[test]
fn bulk_in_both_directions_passes_through_five_processes() {
    let ground = Ground::prepare();
    let mut gateway = ground.gateway();
    let (client, pod) = ground.connect(gateway.address);
    let enough = Arc::<AtomicBool>::default();
    let (at_client, at_pod) = (
        exchange(client, (1, 2), &enough),
        exchange(pod, (2, 1), &enough),
    );
    for _ in 0..5 {
        thread::sleep(Duration::from_millis(30));
        let next = ground.gateway();
        gateway.was_succeeded();
        gateway = next;
        let told = gateway.logged("took over from process");
        assert!(told.contains("connections=1"), "{told}");
    }
    thread::sleep(Duration::from_millis(30));
    enough.store(true, Ordering::Relaxed);
    let (client_sent, client_got) = at_client.join().unwrap();
    let (pod_sent, pod_got) = at_pod.join().unwrap();
    assert_eq!((client_sent, pod_sent), (pod_got, client_got));
    let ended = gateway.logged("connection ended");
    assert!(ended.contains("reason=\"finished\""), "{ended}");
    let received = client_sent + ground.hello().len();
    assert!(
        ended.contains(&format!("bytes_recv={received} ")),
        "{ended}"
    );
    assert!(
        ended.contains(&format!("bytes_sent={pod_sent} ")),
        "{ended}"
    );
}
