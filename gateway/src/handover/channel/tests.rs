use std::io::Write;
use std::os::fd::AsRawFd;
use std::time::Instant;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::*;

const SHORT: Duration = Duration::from_millis(50);

fn pair() -> (Channel, Channel) {
    let (one, other) = UnixStream::pair().unwrap();
    let channel = |stream| Channel::new(stream, SHORT).unwrap();
    (channel(one), channel(other))
}

#[test]
fn a_descriptor_arrives_with_its_frame_and_closes_on_exec() {
    let (one, other) = pair();
    let (reader, mut writer) = UnixStream::pair().unwrap();
    one.send(&Frame::Farewell, &[]).unwrap();
    one.send(&Frame::Ready, &[reader.as_fd()]).unwrap();
    one.send(&Frame::EndOfBatch, &[]).unwrap();
    drop(reader);
    let count = |received: &Received| received.descriptors.len();
    assert_eq!(count(&other.receive().unwrap()), 0);
    let received = other.receive().unwrap();
    assert_eq!((&received.frame, count(&received)), (&Frame::Ready, 1));
    assert_eq!(count(&other.receive().unwrap()), 0);
    let arrived = &received.descriptors[0];
    let flags = rustix::io::fcntl_getfd(arrived).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    writer.write_all(b"x").unwrap();
    assert_eq!(rustix::io::read(arrived, &mut [0; 9]).unwrap(), 1);
}

#[test]
fn a_frame_that_is_larger_than_the_sockets_buffer_arrives_whole() {
    let (one, other) = pair();
    let way = |seed: usize| super::super::frame::DescribedWay {
        stage: eastwest_transport::relay::Stage::Carrying,
        bytes: (0..250_000).map(|at| (at * seed) as u8).collect(),
        piped: None,
    };
    let frame = Frame::Connection(Box::new(super::super::frame::Described {
        id: 7,
        connection_id: None,
        peer: ([127, 0, 0, 1], 1).into(),
        upstream: ([127, 0, 0, 2], 2).into(),
        route: None,
        bytes: [1, 2],
        age_micros: 3,
        ways: [way(3), way(5)],
    }));
    let (socket, _other_end) = UnixStream::pair().unwrap();
    let sent = frame.clone();
    let sending = std::thread::spawn(move || one.send(&sent, &[socket.as_fd()]).map(|()| one));
    let received = other.receive().unwrap();
    assert!(received.frame == frame && received.descriptors.len() == 1);
    sending.join().unwrap().unwrap();
}

#[test]
fn who_says_nothing_and_who_is_gone_are_told_apart() {
    let (one, other) = pair();
    let begun = Instant::now();
    assert!(matches!(one.receive(), Err(ChannelError::Silent(_))));
    assert!(begun.elapsed() >= SHORT);
    drop(other);
    assert!(matches!(one.receive(), Err(ChannelError::Gone)));
    assert!(matches!(
        one.send(&Frame::Ready, &[]),
        Err(ChannelError::Gone)
    ));
}

#[test]
fn a_decision_that_has_come_counts_and_one_that_has_not_cannot_come_any_more() {
    let (one, other) = pair();
    other.send(&Frame::Farewell, &[]).unwrap();
    assert_eq!(one.receive_decision().unwrap().frame, Frame::Farewell);
    assert!(matches!(one.receive_decision(), Err(ChannelError::Gone)));
    assert!(matches!(
        other.send(&Frame::Farewell, &[]),
        Err(ChannelError::Gone)
    ));

    // Said in the moment between giving up and closing.
    let (one, other) = pair();
    other.send(&Frame::Farewell, &[]).unwrap();
    one.close();
    assert_eq!(one.receive().unwrap().frame, Frame::Farewell);
}

#[test]
fn nonsense_is_an_error_and_takes_no_memory() {
    let (one, mut other) = UnixStream::pair().unwrap();
    let one = Channel::new(one, SHORT).unwrap();
    other.write_all(&[255, 255, 255, 255, 5, 0]).unwrap();
    assert!(matches!(
        one.receive(),
        Err(ChannelError::Frame(FrameError::TooLong(_)))
    ));
    other.write_all(&[0, 0, 0, 0, 4, 200]).unwrap();
    assert!(matches!(
        one.receive(),
        Err(ChannelError::Frame(FrameError::TooManyDescriptors(200)))
    ));
    other.write_all(&[0, 0, 0, 0, 77, 0]).unwrap();
    assert!(matches!(
        one.receive(),
        Err(ChannelError::Frame(FrameError::Unknown(77)))
    ));
}

/// In a process of its own, as other tests need descriptors: `cargo test` runs it again as such.
#[test]
fn where_descriptors_have_run_out_the_frame_comes_with_fewer() {
    const MARK: &str = "EASTWEST_TEST_WITHOUT_DESCRIPTORS";
    if std::env::var_os(MARK).is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--test-threads=1"])
            .arg(std::thread::current().name().unwrap())
            .env(MARK, "1")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let (one, other) = pair();
    let (socket, _other_end) = UnixStream::pair().unwrap();
    let three = [socket.as_fd(), socket.as_fd(), socket.as_fd()];
    one.send(&Frame::Ready, &three).unwrap();
    let next = socket.try_clone().unwrap().as_raw_fd() as u64;
    let limit = getrlimit(Resource::Nofile);
    let with_room_for_one = Rlimit {
        current: Some(next + 1),
        ..limit
    };
    setrlimit(Resource::Nofile, with_room_for_one).unwrap();
    let received = other.receive().unwrap();
    assert_eq!(
        (received.frame, received.descriptors.len()),
        (Frame::Ready, 1)
    );
    one.send(&Frame::EndOfBatch, &[]).unwrap();
    assert_eq!(other.receive().unwrap().frame, Frame::EndOfBatch);
}
