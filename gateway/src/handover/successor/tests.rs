use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use eastwest_transport::limits::Limits;
use rustix::net::{Shutdown, shutdown};
use tempfile::TempDir;
use tokio::task::{JoinHandle, block_in_place, spawn_blocking};

use super::*;
use crate::handover::staged::Staged;
use crate::serve::tests::gateway;

mod ending;

/// Where those listen of whom nobody is asked for.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

/// A gateway that comes to a place.
struct New {
    gateway: Arc<Gateway>,
    context: Context,
}

impl New {
    fn start() -> Self {
        let gateway = gateway(Limits::default());
        let mut context = Context::new();
        context.shutdown = gateway.shutdown.clone();
        Self { gateway, context }
    }

    /// Has the sockets of an old one, as if from a meeting before.
    fn listens_as(&self, old: &Staged) {
        let ours = &self.context.listeners;
        ours.keep_for_successor();
        for kept in old.this.context.listeners.kept() {
            ours.keep(kept.name, &kept.socket, kept.giver);
        }
    }

    /// Meets who is there, and takes over.
    fn takes_over(&self, path: &Path) -> JoinHandle<Option<UnixListener>> {
        let place: Place = path.to_str().unwrap().parse().unwrap();
        let (gateway, context) = (Arc::clone(&self.gateway), self.context.clone());
        tokio::spawn(async move {
            let Succession {
                met: Met::Somebody(old),
                ..
            } = block_in_place(|| {
                Succession::open(place.clone(), NOWHERE, None, &context, || Ok(())).unwrap()
            })
            else {
                panic!("nobody at {place}");
            };
            take_over(&place, old, &gateway, &context).await
        })
    }
}

/// A place at which somebody listens.
fn place() -> (TempDir, UnixListener) {
    let dir = tempfile::tempdir().unwrap();
    let door = UnixListener::bind(dir.path().join("gateway.sock")).unwrap();
    (dir, door)
}

/// An old one, by hand: it has greeted a new one, and given it no listening socket.
fn met(door: &UnixListener) -> Channel {
    met_by(door, hello(""), &[])
}

/// The same for one that listens.
fn met_by(door: &UnixListener, old: Frame, sockets: &[BorrowedFd<'_>]) -> Channel {
    let (stream, _) = door.accept().unwrap();
    let channel = Channel::new(stream, 4 * PATIENCE).unwrap();
    assert!(matches!(channel.receive().unwrap().frame, Frame::Hello(_)));
    channel.send(&old, &[]).unwrap();
    let offered = Offered {
        name: "metrics".to_owned(),
        supervised: false,
    };
    let listeners = Frame::Listeners {
        offered: sockets.iter().map(|_| offered.clone()).collect(),
        open: 0,
        number: 1,
        watchdog_micros: 0,
    };
    channel.send(&listeners, sockets).unwrap();
    channel
}

/// The new one has said who it is, and the old one ends, as another has come before.
fn goes_unheard(door: &UnixListener) {
    let (mut stream, _) = door.accept().unwrap();
    std::io::Read::read_exact(&mut stream, &mut [0]).unwrap();
}

fn ready(channel: &Channel) {
    assert_eq!(channel.receive().unwrap().frame, Frame::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_handover_broke_off_comes_again_and_takes_what_there_is() {
    let (dir, door) = place();
    let path = dir.path().join("gateway.sock");
    let new = New::start();
    let taking = new.takes_over(&path);
    // The old one gives up while the new one starts, then right after, then where all has been given.
    block_in_place(|| {
        drop(met(&door));
        ready(&met(&door));
        let third = met(&door);
        ready(&third);
        // It does not hear the farewell.
        shutdown(&third, Shutdown::Read).unwrap();
        third
            .send(&Frame::Done { staying: 0 }, &[door.as_fd()])
            .unwrap();
    });
    let mut old = Staged::start().await;
    old.carries().await;
    new.listens_as(&old);
    let next = Arc::new(Predecessor {
        gateway: Arc::clone(&old.this.gateway),
        context: old.this.context.clone(),
        door: Door::new(path.to_str().unwrap().parse().unwrap(), door),
    });
    next.wait().await;
    let door = taking.await.unwrap().unwrap();
    assert_eq!(door.local_addr().unwrap().as_pathname(), Some(&*path));
    // The connection is the new one's, and nobody else answers at the place.
    assert!(old.this.gateway.connections.is_empty());
    assert_eq!(new.gateway.connections.len(), 1);
    let recorded = old.this.gateway.connections.timelines(1);
    assert_eq!((recorded.recorded, recorded.timelines.len()), (0, 0));
    old.this = Arc::new(Predecessor {
        gateway: Arc::clone(&new.gateway),
        context: new.context.clone(),
        door: Door::new(path.to_str().unwrap().parse().unwrap(), door),
    });
    old.carries().await;
    // Of what happened elsewhere nothing is made up.
    let recorded = new.gateway.connections.timelines(1);
    let times = recorded.timelines[0].milliseconds;
    let last_byte = times.last_byte;
    let none = eastwest_daemon::Milliseconds::default();
    assert_eq!(times, eastwest_daemon::Milliseconds { last_byte, ..none });
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_has_come_meanwhile_and_listens_elsewhere_is_left_alone() {
    let (dir, door) = place();
    let path = dir.path().join("gateway.sock");
    let new = New::start();
    let taking = new.takes_over(&path);
    block_in_place(|| drop(met(&door)));
    let mut other = Staged::start().await;
    for _ in 0..2 {
        let (stream, _) = block_in_place(|| door.accept().unwrap());
        let this = Arc::clone(&other.this);
        let talk = spawn_blocking(move || this.hand_over(stream));
        assert!(talk.await.unwrap().is_err());
        other.carries().await;
    }
    assert!(!taking.is_finished());
    taking.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_listens_on_less_comes_again_all_the_same_but_succeeds_no_other_that_listens_on_more()
 {
    let (dir, door) = place();
    let path = dir.path().join("gateway.sock");
    let new = New::start();
    let taking = new.takes_over(&path);
    let metrics = TcpListener::bind("127.0.0.1:0").unwrap();
    let process = |number| {
        let Frame::Hello(us) = hello("") else {
            panic!("no hello")
        };
        Frame::Hello(Hello {
            process: number,
            ..us
        })
    };
    block_in_place(|| {
        ready(&met_by(&door, process(7), &[metrics.as_fd()]));
        ready(&met_by(&door, process(7), &[metrics.as_fd()]));
        let other = met_by(&door, process(8), &[metrics.as_fd()]);
        assert!(other.receive().is_err());
    });
    taking.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_predecessor_dies_is_the_one_to_be_succeeded() {
    let (dir, door) = place();
    let path = dir.path().join("gateway.sock");
    let new = New::start();
    let taking = new.takes_over(&path);
    block_in_place(|| ready(&met(&door)));
    drop(door);
    let door = taking.await.unwrap().unwrap();
    let found = std::fs::symlink_metadata(&path).unwrap();
    assert!(found.file_type().is_socket());
    let another = New::start();
    let taking = another.takes_over(&path);
    block_in_place(|| ready(&met(&door)));
    taking.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_ends_itself_takes_nothing_more() {
    let (dir, door) = place();
    let path = dir.path().join("gateway.sock");
    let new = New::start();
    let taking = new.takes_over(&path);
    let channel = block_in_place(|| {
        let channel = met(&door);
        ready(&channel);
        channel
    });
    new.context.shutdown.abort().await;
    block_in_place(|| {
        // It may have closed the line by now.
        let _ = channel.send(&Frame::EndOfBatch, &[]);
        assert!(channel.receive().is_err());
    });
    assert!(taking.await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_without_room_for_the_socket_at_which_gateways_meet_does_not_say_farewell() {
    let (dir, door) = place();
    let path = dir.path().join("gateway.sock");
    let new = New::start();
    let taking = new.takes_over(&path);
    block_in_place(|| {
        let channel = met(&door);
        ready(&channel);
        channel.send(&Frame::Done { staying: 0 }, &[]).unwrap();
        assert!(channel.receive().is_err());
        let channel = met(&door);
        ready(&channel);
        channel
            .send(&Frame::Done { staying: 0 }, &[door.as_fd()])
            .unwrap();
        assert_eq!(channel.receive().unwrap().frame, Frame::Farewell);
    });
    assert!(taking.await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_another_came_before_goes_to_that_one() {
    let (dir, door) = place();
    let path = dir.path().join("gateway.sock");
    let new = New::start();
    let taking = new.takes_over(&path);
    block_in_place(|| {
        for _ in 0..TIMES_GONE {
            goes_unheard(&door);
        }
        ready(&met(&door));
    });
    taking.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_nobody_hears_comes_only_so_often() {
    let (dir, door) = place();
    let path = dir.path().join("gateway.sock");
    let place: Place = path.to_str().unwrap().parse().unwrap();
    let opening =
        spawn_blocking(move || Succession::open(place, NOWHERE, None, &Context::new(), || Ok(())));
    block_in_place(|| {
        for _ in 0..=TIMES_GONE {
            goes_unheard(&door);
        }
    });
    let error = opening.await.unwrap().unwrap_err().to_string();
    assert!(
        error.starts_with("nobody is succeeded at ")
            && error.contains(&ChannelError::Gone.to_string()),
        "{error}"
    );
}
