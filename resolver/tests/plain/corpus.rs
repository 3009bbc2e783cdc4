//! The corpus of the fuzz target.

#[path = "../../../fuzz/replay.rs"]
mod replay;

use crate::oracle::assert_agreement;

#[test]
fn the_corpus_of_plain_questions_holds() {
    replay::replay("plain", 2_000, |octets| _ = assert_agreement(octets));
}
