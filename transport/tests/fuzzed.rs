//! The corpora of the fuzz targets, held to what the targets hold them to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "client_hello/oracle.rs"]
#[allow(dead_code)]
mod oracle;
#[path = "../../fuzz/replay.rs"]
mod replay;
#[path = "../fuzz/checks/sni.rs"]
mod sni;
#[path = "../fuzz/checks/spiffe_id.rs"]
mod spiffe_id;
#[path = "../fuzz/checks/svid.rs"]
mod svid;

use replay::replay;

#[test]
fn the_corpus_of_client_hellos_holds() {
    replay("client_hello", 2_000, oracle::assert_agreement);
}

#[test]
fn the_corpus_of_server_names_holds() {
    replay("sni", 2_000, sni::check);
}

#[test]
fn the_corpus_of_spiffe_ids_holds() {
    replay("spiffe_id", 2_000, spiffe_id::check);
}

#[test]
fn the_corpus_of_certificates_holds() {
    replay("svid", 2_000, svid::check);
}
