//! One that is to end before it has all.

use eastwest_daemon::DrainPolicy;

use super::*;
use crate::handover::staged::{batch, said};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

/// A connection that the new one is given by hand.
struct Given {
    staged: Staged,
    /// The new one's and the old one's, which both hold.
    descriptors: Vec<std::os::fd::OwnedFd>,
}

impl Given {
    /// Has the new one take it.
    async fn over(channel: &Channel) -> Self {
        let mut staged = Staged::start().await;
        staged.carries().await;
        let (from, talk) = staged.is_succeeded();
        let (described, descriptors) = block_in_place(|| {
            let given = batch(&from);
            from.send(&Frame::Taken(vec![true]), &[]).unwrap();
            assert_eq!(said(&from), Frame::Done { staying: 0 });
            from.send(&Frame::Farewell, &[]).unwrap();
            given
        });
        talk.await.unwrap().unwrap();
        let this = Self {
            staged,
            descriptors,
        };
        block_in_place(|| {
            let ends: Vec<_> = this.descriptors.iter().map(AsFd::as_fd).collect();
            let connection = Frame::Connection(Box::new(described));
            channel.send(&connection, &ends).unwrap();
            channel.send(&Frame::EndOfBatch, &[]).unwrap();
            assert_eq!(said(channel), Frame::Taken(vec![true]));
        });
        this
    }

    /// The new one gives it back, and nothing else.
    fn comes_back(&self, channel: &Channel) {
        let (described, descriptors) = batch(channel);
        assert_eq!(descriptors.len(), self.descriptors.len());
        assert_eq!(described.bytes, [24, 24]);
        channel.send(&Frame::Taken(vec![true]), &[]).unwrap();
        assert_eq!(said(channel), Frame::Done { staying: 0 });
        channel.send(&Frame::Farewell, &[]).unwrap();
    }

    /// Nobody has ended it: what is here holds it.
    async fn lives(mut self) {
        let mut descriptors = self.descriptors.into_iter();
        let downstream = std::net::TcpStream::from(descriptors.next().unwrap());
        std::io::Write::write_all(&mut &downstream, b"still there").unwrap();
        let mut heard = [0; 11];
        let client = &mut self.staged.client;
        tokio::io::AsyncReadExt::read_exact(client, &mut heard)
            .await
            .unwrap();
        assert_eq!(&heard, b"still there");
    }
}

impl New {
    /// It is told to end: it goes on accepting for a while.
    fn drains(&self) {
        let shutdown = self.context.shutdown.clone();
        let policy = DrainPolicy {
            lame_duck: LONG,
            grace: LONG,
        };
        tokio::spawn(async move { shutdown.drain(&policy).await });
    }
}

/// A new one that was given a connection, and is told to end before all has been said.
struct HalfWay {
    _dir: TempDir,
    /// The old one's.
    door: UnixListener,
    new: New,
    taking: JoinHandle<Option<UnixListener>>,
    channel: Channel,
    given: Given,
}

impl HalfWay {
    async fn ends() -> Self {
        let (dir, door) = place();
        let new = New::start();
        let taking = new.takes_over(&dir.path().join("gateway.sock"));
        let channel = block_in_place(|| met(&door));
        block_in_place(|| ready(&channel));
        let given = Given::over(&channel).await;
        new.drains();
        while !new.context.shutdown.is_draining() {
            tokio::task::yield_now().await;
        }
        Self {
            _dir: dir,
            door,
            new,
            taking,
            channel,
            given,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_to_one_that_ends_goes_back() {
    let half = HalfWay::ends().await;
    block_in_place(|| {
        half.channel.send(&Frame::EndOfBatch, &[]).unwrap();
        assert_eq!(said(&half.channel), Frame::Back);
        half.given.comes_back(&half.channel);
    });
    assert!(half.taking.await.unwrap().is_none());
    assert!(half.new.gateway.connections.is_empty());
    // Whoever connects now is the old one's.
    assert!(*half.new.gateway.held.borrow());
    half.given.lives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_ends_where_all_has_been_given_gives_it_back_as_well() {
    let half = HalfWay::ends().await;
    block_in_place(|| {
        let done = Frame::Done { staying: 0 };
        half.channel.send(&done, &[half.door.as_fd()]).unwrap();
        assert_eq!(said(&half.channel), Frame::Back);
        half.given.comes_back(&half.channel);
    });
    assert!(half.taking.await.unwrap().is_none());
    half.given.lives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_ends_after_its_handover_broke_off_comes_to_give_back() {
    let half = HalfWay::ends().await;
    drop(half.channel);
    // One that does not know that word, or has no time: it breaks off.
    block_in_place(|| assert_eq!(said(&met(&half.door)), Frame::Back));
    let channel = block_in_place(|| met(&half.door));
    assert!(!half.new.gateway.connections.is_empty());
    block_in_place(|| {
        assert_eq!(said(&channel), Frame::Back);
        half.given.comes_back(&channel);
    });
    assert!(half.taking.await.unwrap().is_none());
    half.given.lives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_ends_and_finds_nobody_keeps_what_it_has_until_then() {
    let half = HalfWay::ends().await;
    drop((half.channel, half.door));
    assert!(half.taking.await.unwrap().is_none());
    assert_eq!(half.new.gateway.connections.len(), 1);
    assert!(!*half.new.gateway.held.borrow());
    half.given.lives().await;
}
