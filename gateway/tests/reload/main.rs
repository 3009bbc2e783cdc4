//! Manifests that change while connections live.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod first;
#[allow(dead_code, reason = "made for tests that ask for more")]
#[path = "../handover/ground.rs"]
mod ground;
#[path = "../process/log.rs"]
mod log;
#[path = "../handover/names.rs"]
mod names;

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use ground::{Gateway, Ground, get};
use rustix::process::Signal;

/// Both ends of a connection say something, and hear it.
fn lives((client, pod): &mut (TcpStream, TcpStream)) {
    for (from, to) in [(&*client, &*pod), (&*pod, &*client)] {
        let (mut from, mut to) = (from, to);
        from.write_all(b"still there").unwrap();
        let mut heard = [0; 11];
        to.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"still there");
    }
}

/// Whether a client that comes now is refused.
fn refuses(ground: &Ground, gateway: &Gateway) -> bool {
    let mut client = ground.dial(gateway.address);
    client.set_read_timeout(Some(ground::PATIENCE)).unwrap();
    // A TLS alert, or a reset where it has not been read.
    let mut said = [0];
    match client.read(&mut said) {
        Ok(1) => said == [21],
        Ok(_) => true,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

struct Manifests {
    file: String,
    good: String,
}

impl Manifests {
    fn of(ground: &Ground) -> Self {
        let file = ground.path("manifests/gateway.yaml");
        let good = fs::read_to_string(&file).unwrap();
        Self { file, good }
    }

    fn write(&self, text: &str) {
        fs::write(&self.file, text).unwrap();
    }

    /// With another export.
    fn exporting(&self, hosts: &str) -> String {
        self.good.replace("'*.plain.svc.cluster.local'", hosts)
    }
}

#[test]
fn a_broken_object_leaves_what_is_exported_and_who_is_connected() {
    let ground = Ground::prepare();
    let manifests = Manifests::of(&ground);
    let mut gateway = ground.gateway();
    let mut live = ground.connect(gateway.address);
    manifests.write(
        &manifests
            .good
            .replace("mode: PASSTHROUGH", "mode: PASTHROUGH"),
    );
    gateway.logged("manifests not taken");
    let line = gateway.logged("error[EW005]");
    assert!(line.contains("/gateway.yaml:7:"), "{line}");
    lives(&mut live);
    lives(&mut ground.connect(gateway.address));
    let (_, shown) = get(gateway.admin, "/manifests").unwrap();
    assert!(
        shown.contains("older_than_the_files") && shown.contains("/gateway.yaml:7:"),
        "{shown}"
    );

    let more = manifests.exporting("'*.plain.svc.cluster.local', '*.more.svc.cluster.local'");
    manifests.write(&more);
    let line = gateway.logged("manifests read again");
    assert!(
        line.contains("exports added: *.more.svc.cluster.local (plain server names)")
            && !line.contains("removed"),
        "{line}"
    );
    lives(&mut live);
    lives(&mut ground.connect(gateway.address));
    gateway.signal(Signal::HUP);
    gateway.logged("manifests read again: nothing has changed");
    lives(&mut live);
}

#[test]
fn a_connection_outlives_what_exported_its_pod_and_nobody_comes_after_it() {
    let ground = Ground::prepare();
    let manifests = Manifests::of(&ground);
    let mut gateway = ground.gateway();
    let mut live = ground.connect(gateway.address);
    manifests.write(&manifests.exporting("'*.other.svc.cluster.local'"));
    let line = gateway.logged("manifests read again");
    assert!(
        line.contains("exports removed: *.plain.svc.cluster.local"),
        "{line}"
    );
    assert!(refuses(&ground, &gateway));
    lives(&mut live);
}
