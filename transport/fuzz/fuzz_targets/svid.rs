//! See `checks/svid.rs`, which `cargo test` runs over the corpus, too.
#![no_main]

#[path = "../checks/svid.rs"]
mod svid;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| svid::check(bytes));
