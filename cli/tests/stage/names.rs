//! How programs on a host resolve names: by the C library, as curl and mysqld do.

use std::path::Path;

use eastwest::stage::zone::Zone;
use eastwest::stage::{Stage, two_clusters};

use super::{EASTWEST, Server, command, get, printed, sh, start};

const HELLO_0: &str = "hello-0.hello.demo.svc.cluster.local";

fn write_zone(path: &Path, address: [u8; 4]) {
    let zone = Zone::new()
        .with(HELLO_0, address.into(), 5)
        .expect("a name");
    zone.write(path).expect("a zone file");
}

fn cluster_dns(stage: &Stage, zone: &Path) -> Server {
    let mut command = command(stage, "a-dns", EASTWEST);
    command
        .args(["stage-dns", "--listen", "0.0.0.0:53", "--zone"])
        .arg(zone);
    Server::listening(command).0
}

#[test]
fn a_pod_asks_its_own_clusters_nameserver() {
    let directory = tempfile::tempdir().expect("a directory");
    let zone = directory.path().join("zone");
    write_zone(&zone, [10, 71, 0, 10]);
    let stage = start(&two_clusters());
    let _dns = cluster_dns(&stage, &zone);
    let _pod = Server::hello(&stage, "hello-0");

    let script = format!("getent ahostsv4 {HELLO_0}");
    assert!(printed(&stage, "hello-1", &script).starts_with("10.71.0.10 "));
    let answer = printed(&stage, "hello-1", &get("hello-0.hello", 8080));
    assert!(
        answer.contains("hello from hello-0"),
        "the search path was not used: {answer}"
    );

    write_zone(&zone, [10, 71, 0, 99]);
    assert!(printed(&stage, "hello-1", &script).starts_with("10.71.0.99 "));
}

#[test]
fn names_outside_the_zone_are_not_found_by_other_means() {
    let directory = tempfile::tempdir().expect("a directory");
    let zone = directory.path().join("zone");
    write_zone(&zone, [10, 71, 0, 10]);
    let stage = start(&two_clusters());
    let _dns = cluster_dns(&stage, &zone);
    let output = sh(
        &stage,
        "hello-1",
        "getent ahosts no-such-pod.demo.svc.cluster.local",
    );
    assert_eq!(
        output.status.code(),
        Some(2),
        "getent's code for an unknown name: {output:?}"
    );
}

#[test]
fn each_host_has_its_own_files_and_name() {
    let stage = start(&two_clusters());
    let pod = printed(&stage, "hello-1", "cat /etc/resolv.conf");
    assert_eq!(
        pod,
        "search demo.svc.cluster.local svc.cluster.local cluster.local\n\
         nameserver 10.71.0.53\noptions ndots:5\n"
    );
    let replica = printed(&stage, "b-db", "cat /etc/resolv.conf");
    assert!(replica.contains("nameserver 127.0.0.1\n"), "{replica}");
    assert_eq!(printed(&stage, "b-db", "uname -n"), "b-db\n");
    assert!(printed(&stage, "b-db", "getent hosts b-db").starts_with("10.72.0.20 "));
}

#[test]
fn the_machines_own_files_are_untouched() {
    let files = [
        "/etc/resolv.conf",
        "/etc/hosts",
        "/etc/hostname",
        "/etc/nsswitch.conf",
    ];
    let read = || files.map(|file| std::fs::read(file).ok());
    let before = read();
    let stage = start(&two_clusters());
    printed(&stage, "b-db", "echo '# from a test' >> /etc/resolv.conf");
    assert_eq!(read(), before);
}
