//! What may be lost without anybody seeing it.

use std::time::Duration;

use super::*;

/// A document that is no YAML: nobody knows what it was.
const UNREADABLE: &str = "kind: [\n---\n";

#[tokio::test(start_paused = true)]
async fn the_same_slip_in_another_document_is_another_error() {
    // Broken at the start, mended now, while the one beside it is broken in the same way.
    let server = Server::with(&format!("{UNREADABLE}{}", entry("db-0")));
    server.looks().await;
    server.write(&format!("{}{UNREADABLE}", entry("db-1")));
    server.looks().await;
    assert_eq!(server.taken().len(), 1);
    assert_eq!(server.logged("manifests not taken").len(), 1);
    // It does not stand in the way of what is in other files.
    server.write(&format!("{UNREADABLE}{}", entry("db-0")));
    fs::write(server.dir.path().join("b.yaml"), entry("db-2")).unwrap();
    server.looks().await;
    let [.., last] = &server.taken()[..] else {
        panic!("nothing taken");
    };
    assert_eq!(last, &[alias("db-0"), alias("db-2")]);
}

#[tokio::test(start_paused = true)]
async fn a_folder_with_nothing_in_it_is_not_taken() {
    let server = Server::with(&entry("db-0"));
    fs::remove_file(server.dir.path().join("a.yaml")).unwrap();
    server.looks().await;
    server.write("# on its way\n");
    server.looks().await;
    server.write("  \n");
    server.looks().await;
    let said = server.logged("there is nothing in them any more");
    let file = server.dir.path().join("a.yaml").display().to_string();
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(said[0].contains(&format!(": {file} is gone;")), "{said:?}");
    assert!(said[1].contains(&format!(": {file} is empty;")), "{said:?}");
    server.write(&entry("db-1"));
    server.looks().await;
    assert_eq!(server.taken().last().unwrap(), &[alias("db-1")]);
}

fn pin(host: &str, account: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
         metadata: {{name: pin, namespace: x}}\n\
         spec: {{host: {host}, trafficPolicy: {{tls: {{mode: ISTIO_MUTUAL, \
         subjectAltNames: ['spiffe://td/ns/x/sa/{account}']}}}}}}\n---\n"
    )
}

#[tokio::test(start_paused = true)]
async fn a_slip_in_the_host_of_a_rule_does_not_lose_the_pin() {
    let server = Server::with(&(entry("db-0") + &pin("src-db-0", "db")));
    server.write(&(entry("db-0") + &pin("src-db-00", "db")));
    server.looks().await;
    assert_eq!(server.taken().len(), 1);
    let said = server.logged("error[EW409]");
    let [line] = said.as_slice() else {
        panic!("{said:#?}")
    };
    let lost = format!(
        "{}:3306: its far end had to be spiffe://td/ns/x/sa/db",
        alias("db-0")
    );
    assert!(line.contains(&lost), "{line}");
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_is_taken_out_is_taken_out_and_the_route_is_named() {
    let server = Server::with(&(entry("db-0") + &pin("src-db-0", "db")));
    server.write(&entry("db-0"));
    server.looks().await;
    assert_eq!(server.taken().len(), 2);
    let said = server.logged("more identities are accepted than before");
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(
        said[0].contains("WARN") && said[0].contains("a.yaml:"),
        "{said:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn each_file_that_was_emptied_is_named() {
    let server = Server::with(&entry("db-0"));
    fs::write(server.dir.path().join("b.yaml"), entry("db-1")).unwrap();
    server.looks().await;
    assert_eq!(server.taken().len(), 2);
    server.write("");
    fs::remove_file(server.dir.path().join("b.yaml")).unwrap();
    server.looks().await;
    let [a, b] = ["a.yaml", "b.yaml"].map(|file| server.dir.path().join(file));
    let said = server.logged("manifests not taken");
    let named = format!("{} is empty, {} is gone;", a.display(), b.display());
    assert!(said[0].contains(&named), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn one_file_of_two_that_is_empty_takes_nothing_out_and_one_that_is_removed_does() {
    let server = Server::with(&entry("db-0"));
    let b = server.dir.path().join("b.yaml");
    fs::write(&b, entry("db-1")).unwrap();
    server.looks().await;
    fs::write(&b, "").unwrap();
    server.looks().await;
    assert_eq!(server.taken().len(), 2);
    let said = server.logged("manifests not taken");
    assert!(
        said[0].contains(&format!("any more: {} is empty;", b.display())),
        "{said:?}"
    );
    fs::write(&b, "# db-1 has moved\n").unwrap();
    server.looks().await;
    assert_eq!(server.taken().last().unwrap(), &[alias("db-0")]);
    fs::write(&b, entry("db-1")).unwrap();
    server.looks().await;
    fs::remove_file(&b).unwrap();
    server.looks().await;
    assert_eq!(server.taken().last().unwrap(), &[alias("db-0")]);
    assert_eq!(server.logged("manifests not taken"), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_deny_whose_file_is_emptied_stays_in_force_until_the_file_is_removed() {
    let server = Server::start(|dir| {
        fs::write(dir.join("a.yaml"), policy("ALLOW")).unwrap();
        fs::write(dir.join("b.yaml"), policy("DENY")).unwrap();
    });
    assert!(!server.lets_in());
    let deny = server.dir.path().join("b.yaml");
    fs::write(&deny, "").unwrap();
    server.looks().await;
    // Neither does what changes beside it.
    server.write(&(policy("ALLOW") + &entry("db-0")));
    server.looks().await;
    assert!(!server.lets_in());
    assert_eq!(server.taken().len(), 1);
    let said = server.logged("manifests not taken");
    let named = format!("any more: {} is empty;", deny.display());
    assert!(said[0].contains(&named), "{said:?}");
    fs::remove_file(&deny).unwrap();
    server.looks().await;
    assert!(server.lets_in());
}

#[tokio::test(start_paused = true)]
async fn a_file_with_nothing_in_it_while_it_is_written_is_no_error() {
    let server = Server::with(&entry("db-0"));
    // Whenever it is looked at, the file is as it was again soon after.
    for nth in 0..40 {
        server.write("");
        sleep(Duration::from_millis(50)).await;
        server.write(&entry("db-1"));
        sleep(Duration::from_millis(285 + 25 * nth)).await;
    }
    server.looks().await;
    assert_eq!(server.taken().last().unwrap(), &[alias("db-1")]);
    assert_eq!(server.logged("manifests not taken"), Vec::<String>::new());
    assert_eq!(server.logged("ERROR"), Vec::<String>::new());
}
