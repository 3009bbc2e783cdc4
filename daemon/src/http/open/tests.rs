use std::future::pending;
use std::net::Ipv4Addr;

use super::*;

fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, last).into()
}

impl Open {
    /// One more that says nothing.
    async fn silent(&mut self, from: IpAddr) {
        self.make_room(from).await;
        self.add(from, tokio::spawn(pending()));
    }

    fn sources(&self) -> Vec<IpAddr> {
        self.0.iter().map(|(source, _)| *source).collect()
    }
}

#[tokio::test]
async fn one_client_has_no_more_than_its_share_and_gives_up_its_own_oldest() {
    let mut open = Open::default();
    open.silent(address(1)).await;
    for _ in 0..2 * MOST {
        open.silent(address(2)).await;
    }
    assert_eq!(open.of(address(1)), 1);
    assert_eq!(open.of(address(2)), MOST_OF_ONE);
}

#[tokio::test]
async fn where_all_are_taken_the_oldest_of_who_has_the_most_gives_way() {
    let mut open = Open::default();
    open.silent(address(1)).await;
    for _ in 0..MOST_OF_ONE {
        for client in 2..6 {
            open.silent(address(client)).await;
        }
    }
    // It was full before the last came, and the first of those that have as many as may be left for it.
    assert_eq!(open.sources().len(), MOST);
    assert_eq!(open.of(address(1)), 1);
    assert_eq!(open.of(address(2)), MOST_OF_ONE - 1);
    open.silent(address(6)).await;
    assert_eq!(open.sources().len(), MOST);
    assert_eq!((open.of(address(1)), open.of(address(6))), (1, 1));
    assert_eq!(open.of(address(3)), MOST_OF_ONE - 1);
}

#[tokio::test]
async fn whose_oldest_gives_way_is_the_same_client_in_both_forms_of_its_address() {
    let mut open = Open::default();
    let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
    for from in [address(1), mapped].into_iter().cycle().take(MOST) {
        open.silent(from).await;
    }
    assert_eq!(open.of(address(1)), MOST_OF_ONE);
}

#[tokio::test]
async fn what_is_over_has_no_place() {
    let mut open = Open::default();
    for _ in 0..MOST_OF_ONE {
        open.add(address(1), tokio::spawn(async {}));
    }
    open.silent(address(1)).await;
    assert_eq!(open.sources().len(), 1);
}
