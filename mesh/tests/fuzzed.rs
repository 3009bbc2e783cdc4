//! The corpus of the fuzz target, held to what the target holds it to.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

#[path = "../fuzz/checks/manifests.rs"]
mod manifests;
#[path = "../../fuzz/replay.rs"]
mod replay;
#[path = "../fuzz/checks/yaml.rs"]
mod yaml;

#[test]
fn the_corpus_of_manifests_holds() {
    replay::replay("yaml", 200, yaml::check);
}
