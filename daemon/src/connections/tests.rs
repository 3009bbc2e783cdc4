use std::mem::size_of;

use super::*;

fn info(direction: Direction) -> ConnectionInfo {
    ConnectionInfo {
        direction,
        peer: "10.0.0.7:40000".parse().unwrap(),
        bytes: ByteCounts::default(),
    }
}

#[tokio::test]
async fn a_row_lives_as_long_as_its_guard() {
    let connections = Connections::new();
    let guards: Vec<_> = (0..40)
        .map(|_| connections.open(info(Direction::Inbound)))
        .collect();
    assert_eq!(connections.len(), 40);
    drop(guards);
    assert!(connections.is_empty());
}

#[tokio::test]
async fn a_row_is_removed_when_its_task_panics() {
    let connections = Connections::new();
    let guard = connections.open(info(Direction::Inbound));
    let task = tokio::spawn(async move {
        let _guard = guard;
        panic!("on purpose");
    });
    assert!(task.await.is_err());
    assert!(connections.is_empty());
}

#[tokio::test(start_paused = true)]
async fn bytes_state_and_age_are_those_of_now() {
    let connections = Connections::new();
    let info = info(Direction::Outbound);
    let bytes = Arc::clone(&info.bytes);
    let guard = connections.open(info);
    guard.set_connection_id(0xc0ff_ee00);
    guard.set_route(
        "src-db-pxc-0.pxc.svc.cluster.local:3306",
        "src-db-pxc-0.pxc.svc.cluster.local",
    );
    guard.set_identity("spiffe://cluster.local/ns/pxc/sa/db-pxc");
    guard.set_upstream("10.1.0.5:15443".parse().unwrap());
    guard.set_state(ConnectionState::HalfClosed);
    bytes[0].store(7, Ordering::Relaxed);
    bytes[1].store(9, Ordering::Relaxed);
    tokio::time::advance(Duration::from_secs(3)).await;

    let row = serde_json::to_value(connections.snapshot()).unwrap();
    assert_eq!(
        row[0],
        serde_json::json!({
            "id": 0, "connection_id": "00000000c0ffee00", "direction": "outbound", "state": "half-closed",
            "peer": "10.0.0.7:40000", "upstream": "10.1.0.5:15443",
            "identity": "spiffe://cluster.local/ns/pxc/sa/db-pxc",
            "route": "src-db-pxc-0.pxc.svc.cluster.local",
            "bytes_to_upstream": 7, "bytes_to_peer": 9, "age_seconds": 3.0,
        })
    );
}

#[tokio::test]
async fn a_snapshot_is_in_the_order_of_opening() {
    let connections = Connections::new();
    let _guards: Vec<_> = (0..100)
        .map(|_| connections.open(info(Direction::Inbound)))
        .collect();
    let ids: Vec<_> = connections.snapshot().iter().map(|row| row.id).collect();
    assert_eq!(ids, (0..100).collect::<Vec<_>>());
}

#[tokio::test]
async fn directions_are_counted_apart() {
    let connections = Connections::new();
    let _in = connections.open(info(Direction::Inbound));
    let _out = [
        connections.open(info(Direction::Outbound)),
        connections.open(info(Direction::Outbound)),
    ];
    assert_eq!(connections.count(Direction::Inbound), 1);
    assert_eq!(connections.count(Direction::Outbound), 2);
    assert_eq!(connections.count(Direction::Passthrough), 0);
}

#[test]
fn every_state_survives_the_atomic() {
    for state in [
        ConnectionState::Accepted,
        ConnectionState::Handshake,
        ConnectionState::Dialling,
        ConnectionState::Relaying,
        ConnectionState::HalfClosed,
    ] {
        let connections = Connections::new();
        let guard = connections.open(info(Direction::Inbound));
        guard.set_state(state);
        assert_eq!(connections.snapshot()[0].state, state);
    }
}

/// The entry, its reference counts, its slot in a half-full map, and the guard.
#[test]
fn a_row_costs_less_than_500_bytes() {
    let slot = size_of::<(u64, Arc<Entry>)>() * 2 + 2;
    let counts = size_of::<[AtomicU64; 6]>() + 16;
    let row = size_of::<Entry>() + 16 + counts + slot + size_of::<ConnectionGuard>();
    assert!(row < 500, "{row} bytes");
}
