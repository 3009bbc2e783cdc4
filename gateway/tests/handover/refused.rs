//! Where no gateway follows another, the one that is there goes on.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::ground::{Ground, PATIENCE};
use crate::talk::says;

/// With the same command line it would be refused again: `EX_CONFIG`, as --help says.
const BAD_CONFIGURATION: i32 = 78;
/// Another try may succeed: `EX_TEMPFAIL`.
const NOT_NOW: i32 = 75;

#[test]
fn a_gateway_that_cannot_start_leaves_everything_as_it_was() {
    let elsewhere = TcpListener::bind("192.0.2.1:0");
    elsewhere.expect_err("no host has 192.0.2.1: unset net.ipv4.ip_nonlocal_bind here");
    let ground = Ground::prepare();
    let mut old = ground.gateway();
    let (mut client, mut pod) = ground.connect(old.address);
    let before = old.descriptors();
    for _ in 0..5 {
        // Nothing listens there on this host.
        let mut new = ground.gateway_with(&["--metrics-address=192.0.2.1:1"], |_| {});
        assert_eq!(new.ended().code(), Some(1));
        old.logged("no handover, this gateway goes on: the other gateway is gone");
    }
    for wait in [0, 1, 3, 5, 8, 13] {
        let mut new = ground.gateway_with(&["--metrics-address=192.0.2.1:1"], |_| {});
        thread::sleep(Duration::from_millis(wait));
        new.kill();
    }
    says(&mut client, &mut pod, b"still");
    thread::sleep(Duration::from_millis(100));
    assert!(
        old.descriptors() <= before,
        "{} of {before}",
        old.descriptors()
    );
    let mut new = ground.gateway();
    old.was_succeeded();
    new.logged("took over from process");
    says(&mut client, &mut pod, b"after");
}

#[test]
fn a_gateway_whose_manifests_have_errors_or_export_nothing_follows_nobody() {
    let ground = Ground::prepare();
    let mut old = ground.gateway();
    let (mut client, mut pod) = ground.connect(old.address);
    let manifest = ground.path("manifests/gateway.yaml");
    let good = fs::read_to_string(&manifest).unwrap();
    for (spoilt, said) in [
        (
            good.replacen("kind: Gateway", "kind: Gatewya", 1),
            "have errors (1, the first is ",
        ),
        (good.replace("    hosts:", "    host:"), "error[EW303]"),
        ("# nothing\n".to_owned(), "export nothing"),
    ] {
        let other = ground.path("spoilt.yaml");
        fs::write(&other, spoilt).unwrap();
        let mut new = ground.gateway_with(&["-f", &other], |_| {});
        assert_eq!(new.ended().code(), Some(BAD_CONFIGURATION));
        let line = new.logged("goes on, and is not succeeded");
        assert!(line.contains(said), "{line}");
    }
    // They have left without a word, which is told once.
    old.logged("no handover, this gateway goes on");
    says(&mut client, &mut pod, b"still");
    let mut new = ground.gateway();
    old.was_succeeded();
    new.logged("took over from process");
    says(&mut client, &mut pod, b"after");
}

#[test]
fn a_gateway_that_is_to_listen_elsewhere_follows_nobody() {
    let ground = Ground::prepare();
    let mut old = ground.gateway();
    let (mut client, mut pod) = ground.connect(old.address);
    let mut new = ground.gateway_with(&["--listen=127.0.0.2:0"], |_| {});
    assert_eq!(new.ended().code(), Some(BAD_CONFIGURATION));
    let said = new.logged("goes on, and is not succeeded");
    let both = format!(
        "it listens on {}, and this one is to listen on 127.0.0.2:0",
        old.address
    );
    assert!(said.contains(&both), "{said}");
    old.logged("no handover, this gateway goes on");
    says(&mut client, &mut pod, b"still");
    let (mut other, mut pod) = ground.connect(old.address);
    says(&mut other, &mut pod, b"and others");
}

#[test]
fn a_gateway_that_may_have_fewer_connections_than_are_open_follows_nobody() {
    let ground = Ground::prepare();
    let mut old = ground.gateway();
    let mut live: Vec<_> = (0..50).map(|_| ground.connect(old.address)).collect();
    // Of two files each, and some that are kept back.
    let few_files = "ulimit -n 80; exec \"$0\" \"$@\"";
    let too_few = |command: &mut Command| {
        let mut limited = Command::new("/bin/sh");
        limited.env_clear().args(["-c", few_files]);
        limited.arg(command.get_program()).args(command.get_args());
        *command = limited;
    };
    let mut by_flag = ground.gateway_with(&["--max-connections=20"], |_| {});
    let mut by_files = ground.gateway_with(&[], too_few);
    for new in [&mut by_flag, &mut by_files] {
        let said = new.logged("goes on, and is not succeeded");
        assert!(
            said.contains("50 connections are open there, and this one may have "),
            "{said}"
        );
        assert_eq!(new.ended().code(), Some(BAD_CONFIGURATION));
        old.logged("no handover, this gateway goes on");
    }
    for (client, pod) in &mut live {
        says(client, pod, b"still");
    }
    let mut new = ground.gateway_with(&["--max-connections=50"], |_| {});
    old.was_succeeded();
    new.logged("took over from process");
    for (client, pod) in &mut live {
        says(client, pod, b"after");
    }
}

#[test]
fn callers_that_say_nothing_keep_no_successor_out() {
    let ground = Ground::prepare();
    let mut old = ground.gateway();
    let (mut client, mut pod) = ground.connect(old.address);
    let place = ground.path("handover.sock");
    let _silent: Vec<_> = (0..100)
        .map(|nth| {
            let mut stream = UnixStream::connect(&place).unwrap();
            // Some have begun a word.
            stream.write_all(&[0; 3][..nth % 4]).unwrap();
            stream
        })
        .collect();
    let mut new = ground.gateway();
    old.was_succeeded();
    new.logged("took over from process");
    says(&mut client, &mut pod, b"after");
}

#[test]
fn a_gateway_that_comes_while_another_takes_over_may_try_again() {
    let ground = Ground::prepare();
    let mut old = ground.gateway_with(&["--hello-timeout=40s"], |_| {});
    old.is_up();
    // Whoever says nothing more keeps the handover going.
    let mut waits = TcpStream::connect(old.address).unwrap();
    waits.write_all(&ground.hello()[..40]).unwrap();
    let mut first = ground.gateway();
    old.logged("serves; connections are handed over to it");
    let mut second = ground.gateway_with(&[], |_| {});
    let said = second.logged("is not succeeded");
    assert!(
        said.contains("It may be handing over to another one"),
        "{said}"
    );
    assert_eq!(second.ended().code(), Some(NOT_NOW));
    waits.write_all(&ground.hello()[40..]).unwrap();
    let mut pod = ground.accept();
    old.was_succeeded();
    first.logged("took over from process");
    says(&mut waits, &mut pod, b"after");
}

#[test]
fn a_gateway_that_finds_one_which_ends_may_try_again() {
    let ground = Ground::prepare();
    let mut old = ground.gateway_with(&["--drain-lame-duck=60s"], |_| {});
    old.is_up();
    old.signal(Signal::TERM);
    old.logged("SIGTERM: draining");
    let mut new = ground.gateway_with(&[], |_| {});
    let said = new.logged("is not succeeded");
    assert!(
        said.contains("it is draining, and ends by itself"),
        "{said}"
    );
    assert_eq!(new.ended().code(), Some(NOT_NOW));
}

#[test]
fn a_gateway_that_finds_somebody_who_is_no_gateway_would_do_so_again() {
    let ground = Ground::prepare();
    let place = UnixListener::bind(ground.path("handover.sock")).unwrap();
    let mut new = ground.gateway_with(&[], |_| {});
    let (mut other, _) = place.accept().unwrap();
    other.write_all(b"220 mail.example.com ESMTP\r\n").unwrap();
    new.logged("is not succeeded");
    assert_eq!(new.ended().code(), Some(BAD_CONFIGURATION));
}

#[test]
fn callers_that_say_nothing_are_one_line_of_the_log() {
    let ground = Ground::prepare();
    let mut old = ground.gateway();
    let place = ground.path("handover.sock");
    for _ in 0..50 {
        drop(UnixStream::connect(&place).unwrap());
    }
    let silent: Vec<_> = (0..50)
        .map(|_| UnixStream::connect(&place).unwrap())
        .collect();
    for mut stream in silent {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // Given up, all at about the same time.
        assert!(matches!(stream.read(&mut [0]), Ok(0)));
    }
    let mut new = ground.gateway();
    old.was_succeeded();
    new.logged("took over from process");
    let log = old.whole_log();
    let lines = log.iter().filter(|line| line.contains("no handover"));
    assert_eq!(lines.count(), 1, "{log:?}");
}

/// A gateway of another version, as far as both sides understand each other: the length of what
/// follows, kind 1, no descriptors, a mark, the version, a process, two texts.
fn hello_of_version(version: u16) -> Vec<u8> {
    let mut body = u64::from_be_bytes(*b"eastwest").to_le_bytes().to_vec();
    body.extend(version.to_le_bytes());
    body.extend(4711u64.to_le_bytes());
    for text in ["9.9.9", ""] {
        body.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        body.extend(text.as_bytes());
    }
    let mut frame = u32::try_from(body.len()).unwrap().to_le_bytes().to_vec();
    frame.extend([1, 0]);
    frame.extend(body);
    frame
}

#[test]
fn a_newer_gateway_that_speaks_another_version_is_told_so_and_the_old_one_goes_on() {
    let ground = Ground::prepare();
    let mut old = ground.gateway();
    let (mut client, mut pod) = ground.connect(old.address);
    let mut other = UnixStream::connect(ground.path("handover.sock")).unwrap();
    other.write_all(&hello_of_version(4)).unwrap();
    let mut answer = Vec::new();
    other.read_to_end(&mut answer).unwrap();
    let ours = hello_of_version(3);
    assert_eq!(answer[4..16], ours[4..16], "{answer:?}");
    let said = old.logged("no handover, this gateway goes on");
    assert!(said.contains("build 9.9.9 speaks version 4"), "{said}");
    says(&mut client, &mut pod, b"still");
}

#[test]
fn an_older_gateway_that_speaks_another_version_is_left_alone() {
    let ground = Ground::prepare();
    let place = UnixListener::bind(ground.path("handover.sock")).unwrap();
    let mut new = ground.gateway_with(&[], |_| {});
    let (mut other, _) = place.accept().unwrap();
    other.write_all(&hello_of_version(0)).unwrap();
    let said = new.logged("is not succeeded");
    assert!(said.contains("build 9.9.9 speaks version 0"), "{said}");
    assert_eq!(new.ended().code(), Some(BAD_CONFIGURATION));
}

#[test]
fn a_place_where_gateways_cannot_meet_is_a_wrong_configuration() {
    let ground = Ground::prepare();
    fs::write(ground.path("file"), "data").unwrap();
    for (place, said) in [
        ("missing/handover.sock", "there is no folder for"),
        ("file", "is no socket"),
    ] {
        let flag = format!("--handover={}", ground.path(place));
        let mut gateway = ground.gateway_with(&[&flag], |_| {});
        gateway.logged(said);
        assert_eq!(gateway.ended().code(), Some(BAD_CONFIGURATION));
    }
}
