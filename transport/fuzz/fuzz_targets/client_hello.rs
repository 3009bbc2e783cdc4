//! Any bytes: the ClientHello reader does not panic, and agrees with rustls' `Acceptor`.
#![no_main]

#[path = "../../tests/client_hello/oracle.rs"]
mod oracle;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| oracle::assert_agreement(bytes));
