//! Single connections, each in a state of its own, and what is known of them.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use crate::ground::{Ground, PATIENCE, get};
use crate::talk::says;

#[test]
fn an_idle_connection_goes_on_in_the_new_process_and_the_old_one_ends() {
    let ground = Ground::prepare();
    let mut old = ground.gateway();
    let (mut client, mut pod) = ground.connect(old.address);
    says(&mut client, &mut pod, b"before");
    let mut new = ground.gateway();
    assert_eq!(
        (new.address, new.ready, new.admin),
        (old.address, old.ready, old.admin)
    );
    old.was_succeeded();
    let told = new.logged("took over from process");
    assert!(told.contains("connections=1"), "{told}");
    assert!(told.contains(&format!("process {}", old.id())), "{told}");
    says(&mut client, &mut pod, b"after");
    says(&mut pod, &mut client, b"and back");
    let (mut other, mut its_pod) = ground.connect(new.address);
    says(&mut other, &mut its_pod, b"and new ones");
}

#[test]
fn a_half_closed_connection_stays_half_closed() {
    let ground = Ground::prepare();
    let mut old = ground.gateway();
    let (mut client, mut pod) = ground.connect(old.address);
    client.write_all(b"the question").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut question = Vec::new();
    pod.read_to_end(&mut question).unwrap();
    assert_eq!(question, b"the question");
    let mut new = ground.gateway();
    old.was_succeeded();
    says(&mut pod, &mut client, b"the answer");
    drop(pod);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    let ended = new.logged("connection ended");
    assert!(ended.contains("reason=\"finished\""), "{ended}");
}

#[test]
fn a_reset_is_passed_on_by_the_new_process() {
    let ground = Ground::prepare();
    let mut old = ground.gateway();
    let (mut client, pod) = ground.connect(old.address);
    let _new = ground.gateway();
    old.was_succeeded();
    socket2::SockRef::from(&pod)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    drop(pod);
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let read = client.read(&mut [0]).unwrap_err();
    assert_eq!(read.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn a_connection_that_is_still_greeting_comes_when_it_is_relayed() {
    let ground = Ground::prepare();
    let mut old = ground.gateway();
    let (mut client, rest) = {
        let (half, rest) = ground.hello().split_at(40);
        let mut client = TcpStream::connect(old.address).unwrap();
        client.write_all(half).unwrap();
        (client, rest)
    };
    // Accepted, so that it is the old one's.
    while !get(old.admin, "/connections")
        .unwrap()
        .1
        .contains("\"open\": 1")
    {}
    let mut new = ground.gateway();
    old.logged("serves; connections are handed over to it");
    // So long that the old one says meanwhile that it is still there.
    thread::sleep(Duration::from_millis(2500));
    client.write_all(rest).unwrap();
    let mut pod = ground.accept();
    old.was_succeeded();
    let told = new.logged("took over from process");
    assert!(told.contains("connections=1"), "{told}");
    says(&mut client, &mut pod, b"after");
}

#[test]
fn a_connection_keeps_its_number_route_age_and_counts_and_has_one_line_in_the_logs() {
    let ground = Ground::prepare();
    let mut old = ground.gateway();
    let (mut client, mut pod) = ground.connect(old.address);
    let (mut first, mut its_pod) = ground.connect(old.address);
    says(&mut client, &mut pod, b"before");
    says(&mut first, &mut its_pod, b"it, too");
    let rows = |at| {
        let (_, body) = get(at, "/connections").unwrap();
        let mut rows: Vec<String> = Vec::new();
        for line in body.lines().map(str::trim) {
            if [
                "\"id\"",
                "\"connection_id\"",
                "\"peer\"",
                "\"upstream\"",
                "\"route\"",
                "\"bytes",
            ]
            .iter()
            .any(|key| line.starts_with(key))
            {
                rows.push(line.to_owned());
            }
        }
        rows
    };
    let before = rows(old.admin);
    assert_eq!(before.len(), 14, "{before:?}");
    assert!(!before.concat().contains("null"), "{before:?}");
    let mut new = ground.gateway();
    old.was_succeeded();
    new.logged("took over from process");
    assert_eq!(rows(new.admin), before);
    drop((client, pod, first, its_pod));
    new.logged("connection ended");
    new.logged("connection ended");
    let old_log = old.whole_log();
    assert!(
        !old_log.iter().any(|line| line.contains("connection ended")),
        "{old_log:?}"
    );
    new.signal(rustix::process::Signal::TERM);
    assert!(new.ended().success());
    let lines = new.whole_log();
    let ended = lines
        .iter()
        .filter(|line| line.contains("connection ended"));
    assert_eq!(ended.count(), 2);
}

#[test]
fn limits_count_what_was_taken_over() {
    let ground = Ground::prepare();
    let mut old = ground.gateway();
    let _live = [ground.connect(old.address), ground.connect(old.address)];
    let mut new = ground.gateway_with(&["--max-connections-per-route=2"], |_| {});
    new.is_up();
    old.was_succeeded();
    new.logged("took over from process");
    let mut third = ground.dial(new.address);
    third.set_read_timeout(Some(PATIENCE)).unwrap();
    let refused = third.read(&mut [0]).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionReset);
    new.logged("--max-connections-per-route");
}
