//! See `checks/records.rs`, which `cargo test` runs over the corpus, too.
#![no_main]

#[path = "../checks/records.rs"]
mod records;

use eastwest_transport::tls::{Secured, accept, connect};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| records::check(bytes));
