use std::num::NonZeroU16;

use eastwest_transport::reason::Reason;
use eastwest_transport::resolve::NameServers;
use eastwest_transport::socket::SocketOptions;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::*;

#[tokio::test]
async fn name_servers_that_are_silent_are_blamed_when_the_connect_timeout_is_over() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let dialling = Dialling {
        pods: NamedDialer::new(
            NameServers::at(&[silent.local_addr().unwrap()]).unwrap(),
            SocketOptions::standard(),
        ),
        late: LateDials::of(9),
        hello_timeout: Duration::from_secs(10),
        connect_timeout: Duration::from_millis(100),
        timings: Timings::of(eastwest_daemon::Direction::Passthrough),
    };
    let target = Target {
        host: "db-0.db.pxc.svc.cluster.local".parse().unwrap(),
        port: NonZeroU16::new(15444).unwrap(),
        origin: eastwest_mesh::Origin {
            file: "gateway.yaml".into(),
            line: 1,
            column: 1,
        },
    };
    // The name server alone would be waited for more than twice as long.
    let steps = Steps::default();
    let connecting = timeout(
        Duration::from_millis(1500),
        dialling.connect(&target, greeted().await, &steps),
    );
    let refusal = connecting.await.unwrap().err().unwrap();
    assert_eq!(refusal.reason(), Reason::NameLookupFailed, "{refusal}");
}

/// A connection that has sent the smallest ClientHello there is.
async fn greeted() -> Greeted {
    // version, random, no session id, one cipher suite, one compression method, no extensions
    let body = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0x13, 1, 1, 0]].concat();
    let length = u8::try_from(body.len()).unwrap();
    let hello = [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &body].concat();
    let mut bytes = Vec::new();
    Greeted {
        hello: client_hello::read(&mut hello.as_slice(), &mut bytes)
            .await
            .unwrap(),
        bytes,
    }
}
