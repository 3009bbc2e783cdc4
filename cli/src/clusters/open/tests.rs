use std::io::Read;
use std::net::{TcpListener, TcpStream, UdpSocket};

use super::*;

fn own() -> BTreeMap<Descriptor, usize> {
    descriptors(std::process::id()).unwrap()
}

fn connections_of(listener: SocketAddr) -> usize {
    let named = format!("{listener} with ");
    let of_it = own().into_iter().filter(|(descriptor, _)| {
        matches!(descriptor, Descriptor::Connection(what) if what.starts_with(&named))
    });
    of_it.map(|(_, count)| count).sum()
}

#[test]
fn a_connection_is_told_from_its_listener_and_is_gone_when_it_is_closed() {
    for ip in ["127.0.0.1:0", "[::1]:0"] {
        let listener = TcpListener::bind(ip).unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(own().get(&Descriptor::Listener(address)), Some(&1));
        assert_eq!(connections_of(address), 0);
        let mut client = TcpStream::connect(address).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        assert_eq!(connections_of(address), 1);
        drop(accepted);
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
        assert_eq!(connections_of(address), 0);
    }
}

#[test]
fn a_udp_socket_is_no_connection() {
    let _socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert!(own().contains_key(&Descriptor::Other("udp socket".to_owned())));
}

#[test]
fn the_series_of_a_metric_are_added_up() {
    let scraped = "# TYPE eastwest_tasks gauge\neastwest_tasks 7\n\
        eastwest_connections_open{direction=\"inbound\"} 2\n\
        eastwest_connections_open{direction=\"outbound\"} 3\neastwest_tasks_of_another 5\n";
    assert_eq!(sum(scraped, "eastwest_tasks"), Some(7));
    assert_eq!(sum(scraped, "eastwest_connections_open"), Some(5));
    assert_eq!(sum(scraped, "eastwest_none"), None);
}
