//! What the program says when it cannot start.

use super::*;

#[test]
fn a_manifest_that_is_not_there_ends_the_start_with_its_name() {
    let (status, log) =
        Program::spawn(&["-f", "/nonexistent/aliases.yaml", "--upstream", UNUSED]).end();
    assert_eq!(status.code(), Some(78));
    let expected = "cannot read /nonexistent/aliases.yaml: there is no such file or folder";
    assert!(log.contains(expected), "{log}");
}

#[test]
fn a_system_without_name_servers_ends_the_start_with_the_flag_to_give() {
    let folder = folder();
    write(&folder, "resolv.conf", "search demo.svc.cluster.local\n");
    let conf = folder.path().join("resolv.conf");
    let (status, log) =
        Program::spawn(&["-f", text(folder.path()), "--resolv-conf", text(&conf)]).end();
    assert_eq!(status.code(), Some(78));
    assert!(
        log.contains("--upstream gives name servers by hand"),
        "{log}"
    );
    assert!(log.contains("resolv.conf names no name server"), "{log}");
}

#[test]
fn a_name_instead_of_an_upstreams_address_is_a_usage_error() {
    let (status, log) = Program::spawn(&["-f", "x", "--upstream", "kube-dns"]).end();
    assert_eq!(status.code(), Some(2));
    assert!(
        log.contains("'kube-dns' for '--upstream <IP[:PORT]>'"),
        "{log}"
    );
    assert!(log.contains("expected an IP address"), "{log}");
}

#[test]
fn a_port_in_use_ends_the_start_with_what_to_do() {
    let other = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let folder = folder();
    let flags = [
        "-f",
        text(folder.path()),
        "--upstream",
        UNUSED,
        "--ready-address=off",
        "--metrics-address=off",
        "--admin-address=off",
        "--listen",
        &address,
    ];
    let (status, log) = Program::spawn(&flags).end();
    assert_eq!(status.code(), Some(1));
    let expected = format!("cannot take DNS questions on {address}");
    assert!(log.contains(&expected), "{log}");
    assert!(log.contains("; --listen gives another address"), "{log}");
}
