use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::task::block_in_place;

use super::*;
use crate::handover::HandoverError;
use crate::handover::frame::VERSION;
use crate::handover::giving::BATCH;
use crate::handover::staged::{Staged, batch, pair, relaying, said};

mod back;

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_the_others_when_it_has_said_so() {
    let mut old = Staged::start().await;
    old.carries().await;
    let (channel, talk) = old.is_succeeded();
    let (described, descriptors) = block_in_place(|| batch(&channel));
    assert_eq!((described.bytes, descriptors.len()), ([24, 24], 2));
    block_in_place(|| {
        channel.send(&Frame::Taken(vec![true]), &[]).unwrap();
        assert_eq!(said(&channel), Frame::Done { staying: 0 });
        channel.send(&Frame::Farewell, &[]).unwrap();
    });
    let done = talk.await.unwrap().unwrap();
    assert_eq!((done.connections, done.staying), (1, 0));
    assert!(old.this.gateway.connections.is_empty());
    // Nobody has ended it: the descriptors here are all that holds it now.
    let downstream = std::net::TcpStream::from(descriptors.into_iter().next().unwrap());
    std::io::Write::write_all(&mut &downstream, b"still there").unwrap();
    let mut heard = [0; 11];
    old.client.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_successor_that_is_gone_before_it_has_a_connection_has_taken_nothing() {
    let mut old = Staged::start().await;
    let held = || *old.this.gateway.held.borrow();
    let (channel, talk) = old.is_succeeded();
    let (_, descriptors) = block_in_place(|| batch(&channel));
    assert!(held());
    drop((channel, descriptors));
    let error = talk.await.unwrap().unwrap_err();
    assert!(matches!(error, HandoverError::Channel(_)), "{error}");
    old.carries().await;
    // And the next one gets it all the same.
    let (channel, talk) = old.is_succeeded();
    block_in_place(|| {
        batch(&channel);
        channel.send(&Frame::Taken(vec![true]), &[]).unwrap();
        assert_eq!(said(&channel), Frame::Done { staying: 0 });
        channel.send(&Frame::Farewell, &[]).unwrap();
    });
    assert_eq!(talk.await.unwrap().unwrap().connections, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_successor_that_says_too_late_that_it_has_a_connection_cannot_say_so() {
    let mut old = Staged::start().await;
    let (channel, talk) = old.is_succeeded();
    let (_, descriptors) = block_in_place(|| batch(&channel));
    let error = talk.await.unwrap().unwrap_err();
    assert!(matches!(error, HandoverError::Channel(_)), "{error}");
    let late = block_in_place(|| channel.send(&Frame::Taken(vec![true]), &[]));
    assert!(late.is_err());
    old.carries().await;
    drop(descriptors);
    old.carries().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_stays_and_is_not_offered_again() {
    let mut old = Staged::start().await;
    let (channel, talk) = old.is_succeeded();
    block_in_place(|| {
        batch(&channel);
        channel.send(&Frame::Taken(vec![false]), &[]).unwrap();
        assert_eq!(said(&channel), Frame::Done { staying: 1 });
        channel.send(&Frame::Farewell, &[]).unwrap();
    });
    let done = talk.await.unwrap().unwrap();
    assert_eq!((done.connections, done.staying), (0, 1));
    old.carries().await;
    // It is still one of those that the end of the grace time resets.
    old.this.gateway.shutdown.abort().await;
    assert!(old.client.read(&mut [0]).await.is_err());
    assert!(old.this.gateway.connections.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_fit_is_none() {
    let mut old = Staged::start().await;
    for answer in [
        Frame::Taken(vec![true; 2]),
        Frame::Taken(vec![]),
        Frame::Ready,
    ] {
        let (channel, talk) = old.is_succeeded();
        block_in_place(|| {
            batch(&channel);
            channel.send(&answer, &[]).unwrap();
        });
        let error = talk.await.unwrap().unwrap_err();
        assert!(matches!(error, HandoverError::OutOfTurn), "{error}");
        old.carries().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_another_version_is_told_which_this_one_speaks() {
    let mut old = Staged::start().await;
    let (channel, talk) = old.meets();
    let other = Frame::Hello(Hello {
        version: VERSION + 1,
        process: 1,
        build: "9.9".to_owned(),
        invocation: String::new(),
    });
    block_in_place(|| {
        channel.send(&other, &[]).unwrap();
        let Frame::Hello(ours) = said(&channel) else {
            panic!("no hello");
        };
        assert_eq!(ours.version, VERSION);
        assert!(channel.receive().is_err());
    });
    let error = talk.await.unwrap().unwrap_err().to_string();
    let theirs = format!("build 9.9 speaks version {}", VERSION + 1);
    assert!(error.contains(&theirs), "{error}");
    old.carries().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_drains_is_not_succeeded() {
    let old = Staged::start().await;
    let abort = old.this.gateway.shutdown.abort();
    abort.await;
    let (channel, talk) = old.meets();
    block_in_place(|| {
        channel.send(&hello(""), &[]).unwrap();
        assert!(matches!(said(&channel), Frame::Hello(_)));
        assert!(matches!(said(&channel), Frame::Refused(_)));
    });
    assert!(talk.await.unwrap().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_just_being_refused_is_not_counted_for_a_successor_that_may_have_few() {
    let old = Staged::start().await;
    // It has no place in the ledger, as one that is too many has none.
    let refusing = old
        .this
        .context
        .shutdown
        .spawn(std::future::pending::<()>());
    let (channel, talk) = old.meets();
    block_in_place(|| {
        channel.send(&hello(""), &[]).unwrap();
        assert!(matches!(said(&channel), Frame::Hello(_)));
        let Frame::Listeners { open, .. } = said(&channel) else {
            panic!("no listeners");
        };
        assert_eq!(open, 1);
    });
    drop(channel);
    assert!(talk.await.unwrap().is_err());
    refusing.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_at_once_ends_what_stands_still_as_well() {
    let mut old = Staged::start().await;
    let (channel, talk) = old.is_succeeded();
    let (_, descriptors) = block_in_place(|| batch(&channel));
    // It waits for an answer, which does not come.
    let shutdown = old.this.gateway.shutdown.clone();
    let aborting = tokio::spawn(async move { shutdown.abort().await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop((channel, descriptors));
    assert!(talk.await.unwrap().is_err());
    aborting.await.unwrap();
    assert!(old.client.read(&mut [0]).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_at_once_resets_what_a_successor_that_is_silent_has_not_taken() {
    let mut old = Staged::start().await;
    let waiting = tokio::spawn(Arc::clone(&old.this).wait());
    let channel = old.is_visited();
    let (_, descriptors) = block_in_place(|| batch(&channel));
    // It is over before the connections' last moment is, and long before the successor is given up.
    let begun = Instant::now();
    old.this.gateway.shutdown.abort().await;
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert!(old.this.gateway.connections.is_empty());
    let late = block_in_place(|| channel.send(&Frame::Taken(vec![true]), &[]));
    assert!(late.is_err());
    drop(descriptors);
    assert!(old.client.read(&mut [0]).await.is_err());
    waiting.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_successor_has_said_to_have_is_not_reset_by_a_process_that_ends_at_once() {
    let mut old = Staged::start().await;
    let waiting = tokio::spawn(Arc::clone(&old.this).wait());
    let channel = old.is_visited();
    let (_, descriptors) = block_in_place(|| batch(&channel));
    block_in_place(|| channel.send(&Frame::Taken(vec![true]), &[]).unwrap());
    old.this.gateway.shutdown.abort().await;
    waiting.await.unwrap();
    assert!(old.this.gateway.connections.is_empty());
    let downstream = std::net::TcpStream::from(descriptors.into_iter().next().unwrap());
    std::io::Write::write_all(&mut &downstream, b"still there").unwrap();
    let mut heard = [0; 11];
    old.client.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_handed_over_in_batches_and_each_once() {
    const MANY: usize = 700;
    let old = Staged::start().await;
    let mut ends = Vec::new();
    for _ in 1..MANY {
        let (client, downstream) = pair().await;
        let (upstream, pod) = pair().await;
        let gateway = &old.this.gateway;
        gateway.go_on(relaying(gateway, downstream, upstream));
        ends.push((client, pod));
    }
    let (channel, talk) = old.is_succeeded();
    let mut ids = Vec::new();
    block_in_place(|| {
        let mut batch = 0;
        loop {
            match said(&channel) {
                Frame::Connection(described) => {
                    ids.push(described.id);
                    batch += 1;
                }
                Frame::EndOfBatch => {
                    assert!((1..=BATCH).contains(&batch), "{batch}");
                    channel.send(&Frame::Taken(vec![true; batch]), &[]).unwrap();
                    batch = 0;
                }
                Frame::Done { staying } => break assert_eq!(staying, 0),
                other => panic!("{other:?}"),
            }
        }
        channel.send(&Frame::Farewell, &[]).unwrap();
    });
    assert_eq!(talk.await.unwrap().unwrap().connections, MANY);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), MANY);
    assert!(old.this.gateway.connections.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_taken_in_a_try_that_broke_off_is_offered_in_the_next() {
    let mut old = Staged::start().await;
    let (channel, talk) = old.is_succeeded();
    block_in_place(|| {
        batch(&channel);
        channel.send(&Frame::Taken(vec![false]), &[]).unwrap();
        assert_eq!(said(&channel), Frame::Done { staying: 1 });
    });
    drop(channel);
    assert!(talk.await.unwrap().is_err());
    old.carries().await;
    let (channel, talk) = old.is_succeeded();
    block_in_place(|| {
        batch(&channel);
        channel.send(&Frame::Taken(vec![true]), &[]).unwrap();
        assert_eq!(said(&channel), Frame::Done { staying: 0 });
        channel.send(&Frame::Farewell, &[]).unwrap();
    });
    assert_eq!(talk.await.unwrap().unwrap().connections, 1);
}
