#[path = "../../../fuzz/replay.rs"]
mod replay;

#[test]
fn the_corpus_of_messages_holds() {
    replay::replay("messages", 2_000, super::messages);
}
