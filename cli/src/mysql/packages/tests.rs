use std::sync::mpsc;
use std::thread;

use super::*;

#[test]
fn nothing_is_here_before_it_is_fetched() {
    let dir = tempfile::tempdir().unwrap();
    assert!(!Packages::in_dir(dir.path()).is_here(Flavor::MySql));
}

#[test]
fn a_half_fetched_server_does_not_count_as_here() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("mysql.partial")).unwrap();
    assert!(!Packages::in_dir(dir.path()).is_here(Flavor::MySql));
}

#[test]
fn a_broken_server_in_the_cache_is_an_error_and_not_fetched_over() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("mysql")).unwrap();
    let error = Packages::in_dir(dir.path())
        .ensure(Flavor::MySql)
        .unwrap_err();
    assert!(matches!(error, FetchError::Layout(_)), "{error}");
    assert!(error.to_string().contains("no mysqld"), "{error}");
}

#[test]
fn a_cache_directory_that_cannot_be_made_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Packages::in_dir(file.path().join("cache"))
        .ensure(Flavor::MySql)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains(&file.path().display().to_string()),
        "{error}"
    );
}

#[test]
fn the_lock_admits_one_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let held = lock(dir.path(), "x").unwrap();
    let (told, hears) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let _second = lock(dir.path(), "x").unwrap();
            told.send("second").unwrap();
        });
        // The second would tell at once if the lock did not hold it.
        assert!(
            hears
                .recv_timeout(std::time::Duration::from_millis(100))
                .is_err()
        );
        drop(held);
        assert_eq!(hears.recv().unwrap(), "second");
    });
}
