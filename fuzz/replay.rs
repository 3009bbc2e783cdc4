//! What fuzzers have found worth keeping, run by `cargo test`, too: each file of a corpus, and some
//! that differ from it in a few bytes, the same ones in every run.

use std::fs;
use std::path::Path;

/// Has `check` look at the corpus of one target of the crate in whose tests this is, and at some
/// `changes` changed copies, spread evenly over its files.
pub(crate) fn replay(target: &str, changes: usize, check: impl Fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut files: Vec<_> = fs::read_dir(corpus)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 7, "only {} files", files.len());
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for file in &files {
        let bytes = fs::read(file).unwrap();
        check(&bytes);
        for _ in 0..changes.div_ceil(files.len()) {
            check(&changed(bytes.clone(), &mut dice));
        }
    }
}

/// One to four bytes set, put in, taken out, or the rest cut off.
fn changed(mut bytes: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        let byte = u8::try_from(dice.below(256)).unwrap();
        match dice.below(8) {
            0 => bytes.truncate(at),
            1 | 2 => bytes.insert(at, byte),
            3 if at < bytes.len() => _ = bytes.remove(at),
            _ if at < bytes.len() => bytes[at] = byte,
            _ => {}
        }
    }
    bytes
}

/// Marsaglia's xorshift: the same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % limit
    }
}
