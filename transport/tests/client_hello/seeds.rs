//! The seeds of the fuzz targets, which so are run by every `cargo test`.

use std::fs;
use std::path::Path;

use crate::oracle;

#[test]
fn the_fuzz_seeds_are_read_as_rustls_reads_them() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/client_hello");
    let mut count = 0;
    for seed in fs::read_dir(seeds).unwrap() {
        oracle::assert_agreement(&fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 12, "only {count} seeds");
}
