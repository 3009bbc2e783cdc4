//! That all who see a hello come to the same name for its connection.

use eastwest_transport::client_hello::ConnectionId;

use crate::hello::{self, Hello};

const NAME: &str = "outbound_.3306_._.db-pxc-0.db-pxc.pxc.svc.cluster.local";

#[test]
fn it_is_the_same_however_the_hello_is_cut_into_records() {
    let wire = hello::post_quantum(NAME, &["istio"]);
    let id = ConnectionId::of(&wire);
    assert!(id.is_some());
    let message = hello::message(&wire);
    for size in 1..=message.len() {
        let cut = hello::in_records_of(size, &message);
        assert_eq!(ConnectionId::of(&cut), id, "records of {size}");
    }
    assert_eq!(ConnectionId::of(&[wire, vec![22, 3, 3]].concat()), id);
}

#[test]
fn it_is_another_for_each_connection() {
    let hello = || ConnectionId::of(&hello::classic(NAME, &["istio"])).unwrap();
    let ids: std::collections::HashSet<_> = (0..100).map(|_| hello()).collect();
    assert_eq!(ids.len(), 100);
}

#[test]
fn every_byte_of_the_random_is_in_it_and_no_other_byte_is() {
    let wire = Hello::new().wire();
    let id = ConnectionId::of(&wire).unwrap();
    let random = 11..43;
    for at in 11..wire.len() {
        let mut other = wire.clone();
        other[at] ^= 1;
        if let Some(changed) = ConnectionId::of(&other) {
            assert_eq!(changed != id, random.contains(&at), "byte {at}");
        } else {
            assert!(!random.contains(&at), "byte {at}");
        }
    }
}

#[test]
fn a_part_of_a_hello_and_what_is_none_have_none() {
    let wire = hello::classic(NAME, &["istio"]);
    assert_eq!(ConnectionId::of(&wire[..wire.len() - 1]), None);
    assert_eq!(ConnectionId::of(b"GET / HTTP/1.1\r\n\r\n"), None);
    assert_eq!(ConnectionId::of(&[]), None);
}
