mod broken_down;
mod lost;
mod server;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use server::{Server, alias, broken, entry, policy};
use tokio::time::sleep;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_set_with_a_new_error_is_refused_as_a_whole_and_taken_when_it_is_mended() {
    let server = Server::with(&(entry("db-0") + &entry("db-1")));
    // What is good in it does not count either.
    server.write(&(broken("db-0") + &entry("db-1") + &entry("db-2")));
    server.looks().await;
    assert_eq!(server.taken(), [[alias("db-0"), alias("db-1")]]);
    let said = server.log.lines();
    let said: Vec<_> = said.iter().filter(|line| line.contains("ERROR")).collect();
    let [refusal, error] = said.as_slice() else {
        panic!("{said:#?}")
    };
    assert!(
        refusal.contains("manifests not taken") && refusal.contains("errors=1"),
        "{refusal}"
    );
    assert!(
        error.contains("a.yaml:4:") && error.contains("error[EW005]"),
        "{error}"
    );
    server.write(&(entry("db-0") + &entry("db-2")));
    server.looks().await;
    assert_eq!(server.taken()[1..], [[alias("db-0"), alias("db-2")]]);
    let said = server.logged("manifests read again");
    assert!(
        said[0].contains(&format!(
            "routes added: {}:3306; routes removed: {}:3306",
            alias("db-2"),
            alias("db-1")
        )),
        "{said:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_start_does_not_stand_in_the_way_of_a_good_change() {
    let server = Server::with(&(entry("db-0") + &broken("db-1")));
    server.write(&(broken("db-1") + &entry("db-0") + &entry("db-2")));
    server.looks().await;
    let start = vec![alias("db-0")];
    assert_eq!(server.taken(), [start, vec![alias("db-0"), alias("db-2")]]);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_was_mended_is_new_when_it_comes_back() {
    let server = Server::with(&broken("db-0"));
    server.write(&entry("db-0"));
    server.looks().await;
    server.write(&broken("db-0"));
    server.looks().await;
    assert_eq!(server.taken(), [vec![], vec![alias("db-0")]]);
}

#[tokio::test(start_paused = true)]
async fn a_set_that_was_refused_is_told_again_to_who_asks_and_to_nobody_else() {
    let server = Server::with(&entry("db-0"));
    server.write(&broken("db-0"));
    server.looks().await;
    assert_eq!(server.logged("not taken").len(), 1);
    server.looks().await;
    assert_eq!(server.logged("not taken").len(), 0);
    server.context.request_reload();
    server.looks().await;
    assert_eq!(server.logged("not taken").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn files_that_are_put_back_are_in_force_again() {
    let server = Server::with(&entry("db-0"));
    server.write(&broken("db-0"));
    server.looks().await;
    server.write(&entry("db-0"));
    server.looks().await;
    let said = server.logged("manifests read again");
    let [line] = said.as_slice() else {
        panic!("{said:#?}")
    };
    assert!(
        line.contains("what was refused is mended; what is in force is unchanged"),
        "{line}"
    );
    assert!(!line.contains("nothing has changed"), "{line}");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_read_leaves_what_is_in_force() {
    let server = Server::with(&entry("db-0"));
    symlink("gone", server.dir.path().join("b.yaml")).unwrap();
    server.write(&(entry("db-0") + &entry("db-1")));
    server.looks().await;
    assert_eq!(server.taken().len(), 1);
    let said = server.logged("manifests not read again");
    assert!(
        said[0].contains("b.yaml: there is no such file"),
        "{said:?}"
    );
    fs::remove_file(server.dir.path().join("b.yaml")).unwrap();
    server.looks().await;
    assert_eq!(server.taken()[1..], [[alias("db-0"), alias("db-1")]]);
}

/// A volume as the kubelet fills it: files lead through `..data`, which is swapped.
fn version(dir: &Path, name: &str, text: &str) {
    let data: PathBuf = dir.join(name);
    fs::create_dir(&data).unwrap();
    fs::write(data.join("a.yaml"), text).unwrap();
    symlink(name, dir.join("..data_tmp")).unwrap();
    fs::rename(dir.join("..data_tmp"), dir.join("..data")).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_mounted_config_map_is_followed_refused_and_followed_again() {
    let server = Server::start(|dir| {
        version(dir, "..1", &entry("db-0"));
        symlink("..data/a.yaml", dir.join("a.yaml")).unwrap();
    });
    let swap = |name: &str, text: &str| version(server.dir.path(), name, text);
    swap("..2", &(entry("db-0") + &broken("db-1")));
    server.looks().await;
    assert_eq!(server.taken().len(), 1);
    swap("..3", &(entry("db-0") + &entry("db-1")));
    server.looks().await;
    assert_eq!(server.taken()[1..], [[alias("db-0"), alias("db-1")]]);
}

#[tokio::test(start_paused = true)]
async fn who_asks_is_told_that_nothing_has_changed() {
    let server = Server::with(&entry("db-0"));
    // Until it follows.
    tokio::task::yield_now().await;
    server.context.request_reload();
    sleep(LOOK_EVERY / 2).await;
    assert_eq!(server.logged("nothing has changed").len(), 1);
    assert_eq!(server.taken().len(), 2);
}

/// The set in force is the measure, not the last that was looked at.
#[tokio::test(start_paused = true)]
async fn a_refused_set_makes_no_error_an_old_one() {
    let server = Server::with(&entry("db-0"));
    server.write(&broken("db-0"));
    server.looks().await;
    server.write(&(broken("db-0") + &entry("db-1")));
    server.looks().await;
    assert_eq!(server.taken().len(), 1);
    assert_eq!(server.logged("not taken").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_set_that_the_server_cannot_take_is_refused_as_well() {
    let server = Server::with(&entry("db-0"));
    server.write(&(entry("db-0") + &entry("unwanted-0")));
    server.looks().await;
    let said = server.logged("manifests not taken");
    assert!(said[0].contains("not with this one"), "{said:?}");
    server.write(&(entry("db-0") + &entry("db-1")));
    server.looks().await;
    // Compared with what is in force.
    let said = server.logged("manifests read again");
    assert!(
        said[0].contains(&format!("routes added: {}:3306", alias("db-1"))),
        "{said:?}"
    );
    assert!(!said[0].contains("unwanted"), "{said:?}");
}
