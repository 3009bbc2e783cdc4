//! Any two messages: what is answered, what is taken for an answer, and that hickory reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| eastwest_resolver::fuzzed::messages(octets));
