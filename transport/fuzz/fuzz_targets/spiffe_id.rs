//! See `checks/spiffe_id.rs`, which `cargo test` runs over the corpus, too.
#![no_main]

#[path = "../checks/spiffe_id.rs"]
mod spiffe_id;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| spiffe_id::check(bytes));
