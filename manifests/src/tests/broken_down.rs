//! A reader that panics.

use super::*;

/// As a defect in the reader would: on what is in these files and in no others.
fn panics_on_a_mark(sources: &[Source], options: &Options, redirected: &[IpNet]) -> Mesh {
    let marked = sources.iter().any(|source| source.text.contains("# panic"));
    assert!(!marked, "a defect");
    load_redirected(sources, options, redirected)
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_reading_is_a_refusal_and_the_next_good_change_is_taken() {
    let server = Server::reading(panics_on_a_mark, |dir| {
        fs::write(dir.join("a.yaml"), entry("db-0")).unwrap();
    });
    server.write(&(entry("db-0") + &entry("db-1") + "# panic\n"));
    server.looks().await;
    assert_eq!(server.taken(), [[alias("db-0")]]);
    assert_eq!(server.logged("reading them has panicked").len(), 1);
    server.write(&(entry("db-0") + &entry("db-2")));
    server.looks().await;
    assert_eq!(server.taken()[1..], [[alias("db-0"), alias("db-2")]]);
}
