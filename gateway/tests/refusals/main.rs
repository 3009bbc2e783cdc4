//! Whom the gateway turns away, with which TLS alert (RFC 8446 section 6) and which reason.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod label_sets;
#[path = "../process/log.rs"]
mod log;
mod no_key;
mod running;

use running::{Gateway, hello};

const EXPORTED: &str = "outbound_.8080_._.src-hello-0.demo.svc.cluster.local";
const NO_APPLICATION_PROTOCOL: u8 = 120;
const UNRECOGNIZED_NAME: u8 = 112;
const INTERNAL_ERROR: u8 = 80;

/// One fatal alert in a record of its own.
fn alert(description: u8) -> Vec<u8> {
    vec![21, 3, 3, 0, 2, 2, description]
}

fn refused(sni: &str, alpn: &[&str], description: u8, reason: &str) {
    let gateway = Gateway::start(&["--connect-timeout", "300ms"]);
    assert_eq!(gateway.answer(&hello(sni, alpn)), alert(description));
    let said = gateway.logged("connection ended");
    assert!(said.contains(&format!("reason={reason:?}")), "{said}");
}

#[test]
fn an_exported_name_without_any_protocol_is_refused() {
    refused(EXPORTED, &[], NO_APPLICATION_PROTOCOL, "no_istio_alpn");
}

#[test]
fn an_exported_name_with_protocols_that_are_not_istios_is_refused() {
    let alpn = ["h2", "http/1.1", "ISTIO"];
    refused(EXPORTED, &alpn, NO_APPLICATION_PROTOCOL, "no_istio_alpn");
}

#[test]
fn each_of_istios_protocols_is_enough_and_the_pod_is_looked_up() {
    for istio in [
        "istio",
        "istio-peer-exchange",
        "istio-http/1.0",
        "istio-http/1.1",
        "istio-h2",
    ] {
        let alpn = ["h2", istio];
        refused(EXPORTED, &alpn, INTERNAL_ERROR, "name_lookup_failed");
    }
}

#[test]
fn a_plain_name_needs_no_protocol_of_istio() {
    let plain = "db-0.db.plain.svc.cluster.local";
    refused(plain, &[], INTERNAL_ERROR, "name_lookup_failed");
}

#[test]
fn a_name_that_is_not_exported_is_refused() {
    let other = "outbound_.8080_._.src-hello-0.vault.svc.cluster.local";
    refused(other, &["istio"], UNRECOGNIZED_NAME, "not_exported");
}

#[test]
fn a_name_outside_the_cluster_is_refused() {
    let other = "outbound_.443_._.example.com";
    refused(other, &["istio"], UNRECOGNIZED_NAME, "not_exported");
}

#[test]
fn a_client_that_says_nothing_is_let_go_at_the_end_of_its_time() {
    let gateway = Gateway::start(&["--hello-timeout", "200ms", "--log-level", "debug"]);
    assert_eq!(gateway.answer(b""), b"");
    gateway.logged("hello_timeout");
}

#[test]
fn half_a_hello_is_let_go_at_the_end_of_its_time() {
    let gateway = Gateway::start(&["--hello-timeout", "200ms", "--log-level", "debug"]);
    let hello = hello(EXPORTED, &["istio"]);
    gateway.answer(&hello[..hello.len() / 2]);
    gateway.logged("hello_timeout");
}

#[test]
fn plaintext_is_refused() {
    let gateway = Gateway::start(&["--log-level", "debug"]);
    gateway.answer(b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n");
    gateway.logged("not_tls");
}

#[test]
fn a_gateway_without_descriptors_is_unready_until_it_has_some_again_though_nobody_comes() {
    let gateway = Gateway::start(&["--log-level", "info", "--max-connections", "1000"]);
    gateway.leave_descriptors(3);
    let clients: Vec<_> = (0..8).map(|_| gateway.client()).collect();
    let said = gateway.logged("not ready");
    assert!(said.contains("Too many open files"), "{said}");
    drop(clients);
    let said = gateway.logged("ready");
    assert!(!said.contains("not ready"), "{said}");
}
