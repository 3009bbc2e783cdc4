//! What the other tests take for all packets of a host.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::ffi::OsStr;
use std::path::Path;
use std::thread;
use std::time::Duration;

use eastwest::leftovers::Guarded;
use eastwest::stage::{Host, StageHost};
use eastwest_e2e::machine;
use eastwest_e2e::packets::{Packets, PacketsError};
use rustix::process::{Pid, Signal, kill_process};

/// Time in which a capture that does not run sees nothing.
const STOPPED: Duration = Duration::from_millis(300);

fn capture(host: &StageHost, folder: &Path) -> Packets {
    let file = folder.join("packets");
    Packets::of(host, env!("CARGO_BIN_EXE_packets"), &file).unwrap()
}

/// Sends so many datagrams of so many bytes to nobody.
fn send(host: &StageHost, count: u32, bytes: u32) {
    let script = format!(
        "import socket\n\
         s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
         for n in range({count}): s.sendto(f'datagram {{n}} '.encode().ljust({bytes}), ('192.0.2.1', 9))"
    );
    let mut python = host.command(OsStr::new("python3"));
    let output = Guarded::output(python.args(["-c", &script])).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// Has it run again when it has long been told to end.
fn stopped_meanwhile(packets: Packets, sent: impl FnOnce()) -> Result<Vec<u8>, PacketsError> {
    let capture = Pid::from_raw(packets.id().try_into().unwrap()).unwrap();
    kill_process(capture, Signal::STOP).unwrap();
    sent();
    let continued = thread::spawn(move || {
        thread::sleep(STOPPED);
        kill_process(capture, Signal::CONT).unwrap();
    });
    let all = packets.all();
    continued.join().unwrap();
    all
}

fn holds(packets: &[u8], text: &str) -> bool {
    packets
        .windows(text.len())
        .any(|bytes| bytes == text.as_bytes())
}

#[test]
fn what_a_busy_capture_has_not_read_yet_is_waited_for() {
    let (_stage, host) = machine().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let packets = capture(&host, folder.path());
    let all = stopped_meanwhile(packets, || send(&host, 20, 1200)).unwrap();
    for n in 0..20 {
        assert!(holds(&all, &format!("datagram {n} ")), "{n}");
    }
    assert!(!holds(&all, "datagram 20 "));
}

#[test]
fn a_capture_that_has_missed_packets_says_so() {
    let (_stage, host) = machine().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let packets = capture(&host, folder.path());
    // More than any buffer that it has asked for: the kernel takes it twice (socket(7)).
    let missed = stopped_meanwhile(packets, || send(&host, 1500, 60_000)).unwrap_err();
    assert!(missed.to_string().contains("found no room"), "{missed}");
}

#[test]
fn a_capture_that_cannot_begin_says_why() {
    let (_stage, host) = machine().unwrap();
    let program = env!("CARGO_BIN_EXE_packets");
    let error = Packets::of(&host, program, Path::new("/no folder/packets")).unwrap_err();
    assert!(error.to_string().contains("No such file"), "{error}");
}
