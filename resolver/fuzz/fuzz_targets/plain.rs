//! Any octets: what is answered as a plain question is what hickory would answer.
#![no_main]

#[path = "../../tests/plain/oracle.rs"]
mod oracle;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    oracle::assert_agreement(octets);
});
