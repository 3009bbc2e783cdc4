//! Any octets: what is answered as a plain question is what hickory would answer.
#![no_main]

#[path = "../../tests/plain/oracle.rs"]
mod oracle;

use std::sync::LazyLock;

use eastwest_resolver::zone::AliasZone;
use libfuzzer_sys::fuzz_target;

static ZONE: LazyLock<AliasZone> = LazyLock::new(oracle::zone);

fuzz_target!(|octets: &[u8]| {
    oracle::assert_agreement(&ZONE, octets);
});
