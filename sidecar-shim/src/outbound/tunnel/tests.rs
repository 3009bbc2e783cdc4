use std::time::SystemTime;

use eastwest_transport::resolve::NameServers;
use tokio::net::{TcpListener, UdpSocket};

use super::*;
use crate::identity::mint::{HOUR, Mint};

fn endpoint(address: Address, port: u16) -> GatewayEndpoint {
    GatewayEndpoint {
        address,
        port: port.try_into().unwrap(),
        weight: None,
        locality: None,
    }
}

#[tokio::test]
async fn a_name_that_nobody_looks_up_leaves_its_share_of_the_time_to_the_next_gateway() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let tunnels = Tunnels {
        identity: Mint::new().workload("replica", SystemTime::now() + HOUR).1,
        gateways: NamedDialer::new(
            NameServers::at(&[silent.local_addr().unwrap()]).unwrap(),
            SocketOptions::standard(),
        ),
        sockets: SocketOptions::standard(),
        // Less than the name server alone would be waited for.
        connect_timeout: Duration::from_secs(3),
        handshake_timeout: Duration::from_secs(10),
        min_tls: MinTls::Tls13,
    };
    let name = || Address::Name("gateway.example".parse().unwrap());
    let living = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = living.local_addr().unwrap();

    let endpoints = [
        endpoint(name(), 15443),
        endpoint(Address::Ip(address.ip()), address.port()),
    ];
    let dialled = tunnels.dial_gateway(&endpoints).await.unwrap();
    assert_eq!(dialled.address, address);

    let error = tunnels.dial_gateway(&endpoints[..1]).await.unwrap_err();
    assert_eq!(error.reason(), Reason::NameLookupFailed, "{error}");
    assert!(
        error.to_string().contains("in the time there was"),
        "{error}"
    );
}
