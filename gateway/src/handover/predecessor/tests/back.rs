//! A successor that ends itself, and gives back what it has.

use std::os::fd::{AsFd, OwnedFd};

use super::*;
use crate::handover::frame::Described;

/// It says so, and gives this, if it has anything.
fn gives_back(channel: &Channel, given: Option<&(Described, Vec<OwnedFd>)>) {
    channel.send(&Frame::Back, &[]).unwrap();
    if let Some((described, descriptors)) = given {
        let connection = Frame::Connection(Box::new(described.clone()));
        let descriptors: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
        channel.send(&connection, &descriptors).unwrap();
        channel.send(&Frame::EndOfBatch, &[]).unwrap();
        assert_eq!(said(channel), Frame::Taken(vec![true]));
    }
    channel.send(&Frame::Done { staying: 0 }, &[]).unwrap();
    assert_eq!(said(channel), Frame::Farewell);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_successor_gives_back_goes_on_here() {
    let mut old = Staged::start().await;
    old.carries().await;
    let (channel, talk) = old.is_succeeded();
    block_in_place(|| {
        let given = batch(&channel);
        channel.send(&Frame::Taken(vec![true]), &[]).unwrap();
        assert_eq!(said(&channel), Frame::Done { staying: 0 });
        gives_back(&channel, Some(&given));
    });
    let error = talk.await.unwrap().unwrap_err();
    let HandoverError::TakenBack {
        connections,
        broke_off,
        ..
    } = error
    else {
        panic!("{error}")
    };
    assert!(connections == 1 && broke_off.is_none(), "{broke_off:?}");
    old.carries().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_successor_that_ends_itself_in_the_middle_of_a_batch_has_none_of_it() {
    let mut old = Staged::start().await;
    let (channel, talk) = old.is_succeeded();
    block_in_place(|| {
        batch(&channel);
        gives_back(&channel, None);
    });
    let error = talk.await.unwrap().unwrap_err();
    let HandoverError::TakenBack { connections: 0, .. } = error else {
        panic!("{error}")
    };
    old.carries().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_itself_takes_nothing_back() {
    let old = Staged::start().await;
    let (channel, talk) = old.is_succeeded();
    block_in_place(|| {
        batch(&channel);
        channel.send(&Frame::Taken(vec![true]), &[]).unwrap();
        assert_eq!(said(&channel), Frame::Done { staying: 0 });
    });
    old.this.gateway.shutdown.abort().await;
    block_in_place(|| {
        channel.send(&Frame::Back, &[]).unwrap();
        channel.send(&Frame::EndOfBatch, &[]).unwrap();
        assert!(channel.receive().is_err());
    });
    let error = talk.await.unwrap().unwrap_err();
    let HandoverError::TakenBack { broke_off, .. } = error else {
        panic!("{error}")
    };
    assert!(
        matches!(broke_off.as_deref(), Some(HandoverError::Ending)),
        "{broke_off:?}"
    );
}
