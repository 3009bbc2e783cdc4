//! See `checks/sni.rs`, which `cargo test` runs over the corpus, too.
#![no_main]

#[path = "../checks/sni.rs"]
mod sni;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| sni::check(bytes));
