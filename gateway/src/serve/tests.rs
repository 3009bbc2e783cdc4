use super::*;

mod flood;
#[path = "../../tests/handover/names.rs"]
mod names;
mod silent_pod;

use std::num::NonZeroUsize;
use std::time::Duration;

use eastwest_transport::admission::Admission;
use eastwest_transport::dial::NamedDialer;
use eastwest_transport::limits::Limits;
use eastwest_transport::listener::Listener;
use eastwest_transport::resolve::NameServers;
use eastwest_transport::socket::SocketOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::late::LateDials;

/// Enough for anything that does happen.
const PATIENCE: Duration = Duration::from_secs(30);

fn future_size<S, T, U, V, F>(_: impl Fn(S, T, U, V) -> F) -> usize {
    size_of::<F>()
}

#[test]
fn the_task_of_a_connection_stays_small() {
    let size = future_size(Gateway::serve);
    assert!(size <= 880, "{size} bytes for each connection");
}

pub(crate) fn gateway(limits: Limits) -> Arc<Gateway> {
    gateway_with(limits, |_| {})
}

fn gateway_with(limits: Limits, change: impl FnOnce(&mut Dialling)) -> Arc<Gateway> {
    let options = eastwest_mesh::Options {
        cluster_domain: "cluster.local".parse().unwrap(),
        capture: eastwest_mesh::Capture::Redirect,
    };
    let shutdown = Shutdown::new();
    let mut dialling = Dialling {
        pods: NamedDialer::new(NameServers::at(&[]).unwrap(), SocketOptions::standard()),
        late: LateDials::of(9),
        hello_timeout: PATIENCE,
        connect_timeout: PATIENCE,
        timings: eastwest_daemon::Timings::of(Direction::Passthrough),
    };
    change(&mut dialling);
    Arc::new(Gateway {
        prober: None,
        exports: ArcSwap::from_pointee(eastwest_mesh::load(&[], &options).exports),
        dialling,
        patience: Patience::default(),
        ledger: Ledger::new(limits),
        connections: Connections::new(),
        cohorts: Cohorts::new(shutdown.aborted_token()),
        held: watch::Sender::new(false),
        accepting: watch::Sender::new(false),
        shutdown,
    })
}

async fn listening(gateway: &Arc<Gateway>, places: usize) -> SocketAddr {
    let local = "127.0.0.1:0".parse().unwrap();
    let listener = Listener::bind(local, SocketOptions::standard()).unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(Arc::clone(gateway).serve_all(listener, Admission::of(places)));
    address
}

#[tokio::test]
async fn one_connection_too_many_is_reset_at_once() {
    let gateway = gateway(Limits {
        total: NonZeroUsize::new(1),
        ..Limits::default()
    });
    let address = listening(&gateway, 9).await;
    let first = TcpStream::connect(address).await.unwrap();
    while gateway.connections.is_empty() {
        tokio::task::yield_now().await;
    }
    let mut second = TcpStream::connect(address).await.unwrap();
    let refused = timeout(PATIENCE, second.read(&mut [0])).await.unwrap();
    assert_eq!(
        refused.unwrap_err().kind(),
        std::io::ErrorKind::ConnectionReset
    );
    drop(first);
    while !gateway.connections.is_empty() {
        tokio::task::yield_now().await;
    }
    let mut third = TcpStream::connect(address).await.unwrap();
    let carried_on = timeout(Duration::from_millis(200), third.read(&mut [0])).await;
    assert!(carried_on.is_err(), "{carried_on:?}");
}

#[tokio::test]
async fn who_says_nothing_leaves_his_place_to_one_who_speaks() {
    let gateway = gateway(Limits::default());
    let address = listening(&gateway, 1).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    while gateway.connections.is_empty() {
        tokio::task::yield_now().await;
    }
    let mut other = TcpStream::connect(address).await.unwrap();
    other.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let hung_up = async { matches!(other.read(&mut [0]).await, Ok(0) | Err(_)) };
    tokio::pin!(hung_up);
    let early = timeout(Duration::from_millis(300), &mut hung_up).await;
    assert!(early.is_err(), "a second connection was accepted");
    assert!(timeout(PATIENCE, hung_up).await.unwrap());
    let ended = timeout(PATIENCE, silent.read(&mut [0])).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_was_accepted_before_accepting_stopped_is_counted_and_nobody_is_after() {
    let gateway = gateway(Limits::default());
    let address = listening(&gateway, 4000).await;
    let clients = tokio::spawn(async move {
        let mut clients = Vec::new();
        while clients.len() < 2000 {
            clients.push(TcpStream::connect(address).await.unwrap());
        }
        clients
    });
    let mut rounds = 0;
    while !clients.is_finished() {
        timeout(PATIENCE, gateway.stop_accepting()).await.unwrap();
        let counted = gateway.shutdown.open();
        tokio::time::sleep(Duration::from_millis(2)).await;
        assert_eq!(gateway.shutdown.open(), counted);
        gateway.accept_again();
        rounds += 1;
        tokio::time::sleep(Duration::from_millis(rounds % 3)).await;
    }
    drop(clients.await.unwrap());
    assert!(rounds > 3, "{rounds}");
}

#[tokio::test]
async fn where_nobody_accepts_there_is_nobody_to_wait_for() {
    let gateway = gateway(Limits::default());
    let address = listening(&gateway, 9).await;
    let _client = TcpStream::connect(address).await.unwrap();
    while gateway.connections.is_empty() {
        tokio::task::yield_now().await;
    }
    gateway.shutdown.abort().await;
    timeout(PATIENCE, gateway.stop_accepting()).await.unwrap();
}
