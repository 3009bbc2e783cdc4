//! See `checks/yaml.rs`, which `cargo test` runs over the corpus, too.
#![no_main]

#[path = "../checks/manifests.rs"]
mod manifests;
#[path = "../checks/yaml.rs"]
mod yaml;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| yaml::check(bytes));
