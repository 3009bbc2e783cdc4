use eastwest_transport::limits::Limits;
use tokio::task::block_in_place;

use super::*;
use crate::handover::staged::{Staged, batch};
use crate::route::tests::exports;
use crate::serve::tests::gateway;

const SNI: &str = "outbound_.15444_._.db-0.db.pxc.svc.cluster.local";

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_counts_on_its_route_when_it_goes_on_here_and_not_before() {
    let mut old = Staged::start().await;
    old.carries().await;
    let (channel, talk) = old.is_succeeded();
    let (mut described, descriptors) = block_in_place(|| batch(&channel));
    described.route = Some(SNI.to_owned());
    let again: Vec<_> = descriptors
        .iter()
        .map(|one| one.try_clone().unwrap())
        .collect();

    let new = gateway(Limits::default());
    new.exports
        .store(exports("db-0.db.pxc.svc.cluster.local", &[]).into());
    let carried = || {
        let tally = new.connections.tally(Direction::Passthrough, SNI);
        tally.map(|tally| (tally.carried().opened, tally.carried().answered))
    };
    // Whoever gave it goes away before it hears that it was taken.
    drop(take(&new, &described, descriptors).unwrap());
    assert_eq!(carried(), None);
    take(&new, &described, again).unwrap().go_on(&new);
    assert_eq!(carried(), Some((1, 1)));
    drop(channel);
    assert!(talk.await.unwrap().is_err());
}
