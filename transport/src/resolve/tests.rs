use std::net::Ipv4Addr;

use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::*;

const NAME: &str = "db-pxc-0.db-pxc.pxc.svc.cluster.local";
const V4: [u8; 4] = [10, 0, 0, 7];
const V6: [u8; 16] = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];

/// What a name server does with a question.
#[derive(Clone, Copy)]
enum Says {
    Code(u8),
    Address(&'static [u8]),
    Nothing,
}

/// A name server with one answer to questions for IPv4, and one to those for IPv6.
async fn server(v4: Says, v6: Says) -> NameServers {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut packet = [0; 512];
        while let Ok((_, peer)) = socket.recv_from(&mut packet).await {
            // Header of 12 bytes, then the one question: the name up to its 0, type, class.
            let root = 12 + packet[12..].iter().position(|&byte| byte == 0).unwrap();
            let asks_v6 = packet[root + 2] == 28;
            let mut reply = packet[..root + 5].to_vec();
            reply[2..4].copy_from_slice(&[0x81, 0x80]);
            // One question, nothing in the other sections: EDNS of the question is left out.
            reply[4..12].copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
            match if asks_v6 { v6 } else { v4 } {
                Says::Nothing => continue,
                Says::Code(code) => reply[3] |= code,
                Says::Address(ip) => {
                    reply[7] = 1;
                    let kind = if asks_v6 { 28 } else { 1 };
                    let length = u8::try_from(ip.len()).unwrap();
                    reply.extend([0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 5, 0, length]);
                    reply.extend(ip);
                }
            }
            let _ = socket.send_to(&reply, peer).await;
        }
    });
    NameServers::at(&[address]).unwrap()
}

/// Time enough for any answer that comes.
fn patient() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_told_from_a_server_that_fails() {
    let absent = server(Says::Code(3), Says::Code(3)).await;
    let error = absent.look_up(NAME, patient()).await.unwrap_err();
    assert_eq!(error.reason(), Reason::NameNotFound, "{error}");
    let start = format!("{NAME} has no address");
    assert!(error.to_string().starts_with(&start), "{error}");

    let failing = server(Says::Code(2), Says::Code(2)).await;
    let error = failing.look_up(NAME, patient()).await.unwrap_err();
    assert_eq!(error.reason(), Reason::NameLookupFailed, "{error}");
}

#[tokio::test]
async fn one_family_is_enough_where_the_other_is_never_answered() {
    let v4 = server(Says::Address(&V4), Says::Nothing).await;
    let v6 = server(Says::Nothing, Says::Address(&V6)).await;
    for (servers, address) in [(v4, IpAddr::from(V4)), (v6, IpAddr::from(V6))] {
        // Less than one question to one server may take, and far more than the grace.
        let found = timeout(TIMEOUT * 3 / 4, servers.look_up(NAME, patient())).await;
        assert_eq!(found.unwrap().unwrap().addresses, [address]);
    }
}

#[tokio::test]
async fn a_family_without_addresses_does_not_cut_the_other_short() {
    let v6 = server(Says::Code(0), Says::Address(&V6)).await;
    let found = v6.look_up(NAME, patient()).await.unwrap();
    assert_eq!(found.addresses, [IpAddr::from(V6)]);
    assert_eq!(found.ttl, Duration::from_secs(5));

    let none = server(Says::Code(0), Says::Code(0)).await;
    let error = none.look_up(NAME, patient()).await.unwrap_err();
    assert_eq!(error.reason(), Reason::NameNotFound, "{error}");
}

#[tokio::test]
async fn name_servers_that_are_silent_are_blamed_at_the_deadline() {
    let silent = server(Says::Nothing, Says::Nothing).await;
    let deadline = Instant::now() + Duration::from_millis(100);
    let error = silent.look_up(NAME, deadline).await.unwrap_err();
    assert_eq!(error.reason(), Reason::NameLookupFailed, "{error}");
    assert!(
        error.to_string().contains("in the time there was"),
        "{error}"
    );

    // That there is no IPv4 address is no answer while nobody knows of IPv6.
    let half = server(Says::Code(0), Says::Nothing).await;
    let deadline = Instant::now() + Duration::from_millis(500);
    let error = half.look_up(NAME, deadline).await.unwrap_err();
    assert_eq!(error.reason(), Reason::NameLookupFailed, "{error}");
}

#[tokio::test]
async fn a_name_that_does_not_exist_does_so_for_both_families() {
    let absent = server(Says::Code(3), Says::Nothing).await;
    let deadline = Instant::now() + TIMEOUT / 2;
    let error = absent.look_up(NAME, deadline).await.unwrap_err();
    assert_eq!(error.reason(), Reason::NameNotFound, "{error}");
}

#[tokio::test]
async fn ipv4_comes_first() {
    let both = server(Says::Address(&V4), Says::Address(&V6)).await;
    let found = both.look_up(NAME, patient()).await.unwrap();
    assert_eq!(
        found.addresses.first(),
        Some(&IpAddr::from(Ipv4Addr::from(V4)))
    );
}
