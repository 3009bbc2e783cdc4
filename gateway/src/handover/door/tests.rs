use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

fn door() -> (TempDir, PathBuf, Door) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("gateway.sock");
    let door = at(&path);
    (dir, path, door)
}

fn at(path: &Path) -> Door {
    let place: Place = path.to_str().unwrap().parse().unwrap();
    let Found::Nobody(listener) = place.visit().unwrap() else {
        panic!("somebody")
    };
    Door::new(place, listener)
}

/// Whoever comes to the place comes to this door.
fn leads_to(path: &Path, door: &Door) {
    let (_stream, listener) = (UnixStream::connect(path).unwrap(), door.listener());
    listener.set_nonblocking(true).unwrap();
    listener.accept().unwrap();
}

#[test]
fn one_whose_file_is_gone_is_made_anew() {
    let (_dir, path, door) = door();
    assert!(!door.is_to_be_made());
    fs::remove_file(&path).unwrap();
    assert!(door.is_to_be_made() && door.make());
    leads_to(&path, &door);
    assert!(!door.is_to_be_made());
}

#[test]
fn one_whose_file_is_a_dead_process_s_is_made_anew() {
    let (_dir, path, door) = door();
    // Kept, so that the other one is not given its number again.
    fs::rename(&path, path.with_extension("old")).unwrap();
    drop(UnixListener::bind(&path).unwrap());
    assert!(door.is_to_be_made() && door.make());
    leads_to(&path, &door);
}

#[test]
fn what_is_no_socket_is_left_alone() {
    let (_dir, path, door) = door();
    fs::rename(&path, path.with_extension("old")).unwrap();
    fs::write(&path, "data").unwrap();
    assert!(door.is_to_be_made() && !door.make());
    // It is not tried again at once.
    assert!(!door.is_to_be_made());
    assert_eq!(fs::read_to_string(&path).unwrap(), "data");
    fs::remove_file(&path).unwrap();
    assert!(door.is_to_be_made() && door.make());
    leads_to(&path, &door);
}

#[test]
fn another_process_that_listens_there_keeps_the_place_until_it_is_gone() {
    let (_dir, path, door) = door();
    fs::rename(&path, path.with_extension("old")).unwrap();
    let other = at(&path);
    assert!(door.is_to_be_made() && !door.make());
    assert!(!door.is_to_be_made());
    other.listener().set_nonblocking(true).unwrap();
    other.listener().accept().unwrap();
    drop(other);
    fs::remove_file(&path).unwrap();
    assert!(door.is_to_be_made() && door.make());
    leads_to(&path, &door);
}

#[test]
fn a_name_without_a_file_cannot_be_taken_away() {
    let door = at(Path::new(&format!("@eastwest-door-{}", std::process::id())));
    assert!(!door.is_to_be_made());
}
