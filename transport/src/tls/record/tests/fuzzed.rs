//! The corpus of the fuzz target of records.

#[path = "../../../../fuzz/checks/records.rs"]
mod records;
#[path = "../../../../../fuzz/replay.rs"]
mod replay;

use crate::tls::{Secured, accept, connect};

#[test]
fn the_corpus_of_records_holds() {
    replay::replay("records", 500, records::check);
}
