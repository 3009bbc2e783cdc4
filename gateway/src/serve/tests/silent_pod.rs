//! Who dials a pod that is silent keeps nobody from another.

use std::sync::atomic::{AtomicUsize, Ordering};

use eastwest_mesh::{Capture, Mesh, Options, Source};
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::{interval, sleep};

use super::names::{hello, name_server};
use super::*;

const SILENT: &str = "db-0.db.plain.svc.cluster.local";
const GOOD: &str = "db-1.db.plain.svc.cluster.local";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// As many places as a limit of 256 descriptors leaves.
const PLACES: usize = 32;
const INTERNAL_ERROR: [u8; 7] = [21, 3, 3, 0, 2, 2, 80];

fn exporting(ports: [(&str, u16); 2]) -> Mesh {
    let mut text = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: exports, namespace: istio-system}
spec:
  servers:
  - port: {number: 15443, name: plain, protocol: TLS}
    tls: {mode: PASSTHROUGH}
    hosts: ['*.plain.svc.cluster.local']
"
    .to_owned();
    for (index, (host, port)) in ports.into_iter().enumerate() {
        text += &format!(
            "---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: db-{index}, namespace: plain}}
spec:
  hosts: [{host}]
  location: MESH_INTERNAL
  resolution: DNS
  ports: [{{number: {port}, name: mysql, protocol: TCP}}]
"
        );
    }
    let options = Options {
        cluster_domain: "cluster.local".parse().unwrap(),
        capture: Capture::Redirect,
    };
    let name = "gateway.yaml".to_owned();
    eastwest_mesh::load(&[Source { name, text }], &options)
}

/// A listener that answers no SYN, as its queue is full, and those who are in it.
async fn silent() -> (TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let mut queue = Vec::new();
    let soon = Duration::from_millis(100);
    while let Ok(stream) = timeout(soon, TcpStream::connect(listener.local_addr().unwrap())).await {
        queue.push(stream.unwrap());
    }
    (listener, queue)
}

#[tokio::test]
async fn who_dials_a_pod_that_is_silent_keeps_nobody_from_another() {
    let (silent, _queue) = silent().await;
    let good = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    let exports = exporting([(SILENT, port(&silent)), (GOOD, port(&good))]).exports;
    let names = NameServers::at(&[name_server()]).unwrap();
    let gateway = gateway_with(Limits::default(), |dialling| {
        dialling.pods = NamedDialer::new(names, SocketOptions::standard());
        dialling.late = LateDials::of(PLACES);
        dialling.connect_timeout = CONNECT_TIMEOUT;
    });
    gateway.exports.store(exports.into());
    let address = listening(&gateway, PLACES).await;
    // 200 a second, each of which would hold its place for five seconds.
    let refused = Arc::new(AtomicUsize::new(0));
    let told = Arc::clone(&refused);
    let attack = tokio::spawn(async move {
        let mut turns = interval(Duration::from_millis(5));
        let silent = hello(SILENT);
        loop {
            turns.tick().await;
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(&silent).await.unwrap();
            let told = Arc::clone(&told);
            tokio::spawn(async move {
                let mut alert = [0; 7];
                if client.read_exact(&mut alert).await.is_ok() {
                    assert_eq!(alert, INTERNAL_ERROR);
                    told.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    sleep(Duration::from_secs(1)).await;
    let visit = hello(GOOD);
    for _ in 0..6 {
        let visiting = async {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(&visit).await.unwrap();
            let (mut pod, _) = good.accept().await.unwrap();
            let mut said = vec![0; visit.len()];
            pod.read_exact(&mut said).await.unwrap();
            assert!(said == visit, "not what the client said");
        };
        timeout(CONNECT_TIMEOUT, visiting).await.unwrap();
        sleep(Duration::from_millis(500)).await;
    }
    attack.abort();
    let refused = refused.load(Ordering::Relaxed);
    assert!(
        refused > 100,
        "{refused} were told that it cannot be reached"
    );
}
