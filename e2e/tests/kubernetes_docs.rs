//! The commands in the documents: those of `deploy/kubernetes` that need no cluster are run as they stand there,
//! and all are held against the tree and its program.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use eastwest_e2e::eastwest;
use eastwest_e2e::rendered::printed;

/// What is read, to the last one: a command that is read no more is one that nobody looks at.
const READ: &str = "15 blocks run, 24 need a cluster\n\
                    293 commands in 30 documents, 38 of them ours\n";

#[test]
fn each_command_of_the_documents_ends_well_and_names_what_is_there() {
    let read = printed("check.documents", [eastwest()]).unwrap();
    assert_eq!(String::from_utf8_lossy(&read), READ);
}

#[test]
fn at_each_step_of_the_documented_rotation_of_the_root_all_pods_trust_each_other() {
    printed("check.rotation", [eastwest()]).unwrap();
}
