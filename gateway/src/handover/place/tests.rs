use std::os::unix::fs::MetadataExt;

use super::*;

fn at(path: &Path) -> Place {
    path.to_str().unwrap().parse().unwrap()
}

#[test]
fn nobody_is_there_until_somebody_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("gateway.sock");
    let Found::Nobody(door) = at(&path).visit().unwrap() else {
        panic!("somebody");
    };
    let mode = std::fs::metadata(&path).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(matches!(at(&path).visit().unwrap(), Found::Somebody(_)));
    // What a process that has ended leaves behind is nobody.
    drop(door);
    assert!(matches!(at(&path).visit().unwrap(), Found::Nobody(_)));
}

#[test]
fn a_name_without_a_file_does_as_well() {
    let place: Place = format!("@eastwest-place-{}", std::process::id())
        .parse()
        .unwrap();
    let Found::Nobody(_door) = place.visit().unwrap() else {
        panic!("somebody");
    };
    assert!(matches!(place.visit().unwrap(), Found::Somebody(_)));
}

#[test]
fn of_many_that_come_at_once_one_finds_nobody() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let path = dir.path().join(round.to_string());
        // What a process that was killed leaves behind.
        drop(UnixListener::bind(&path).unwrap());
        let start = std::sync::Barrier::new(8);
        let found = std::thread::scope(|scope| {
            let visits: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        at(&path).visit().unwrap()
                    })
                })
                .collect();
            visits
                .into_iter()
                .map(|visit| visit.join().unwrap())
                .collect::<Vec<_>>()
        });
        let nobody = |found: &&Found| matches!(found, Found::Nobody(_));
        assert_eq!(found.iter().filter(nobody).count(), 1);
        assert!(matches!(at(&path).visit().unwrap(), Found::Somebody(_)));
    }
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("precious");
    std::fs::write(&path, "data").unwrap();
    assert!(matches!(at(&path).visit(), Err(PlaceError::NoSocket(_))));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "data");
}

#[test]
fn only_ones_own_user_and_root_may_come() {
    let (one, _other) = UnixStream::pair().unwrap();
    let us = caller(&one).unwrap();
    assert_eq!(us.process, Some(std::process::id()));
    assert!(us.is_ours());
    let process = us.process;
    assert!(Caller { uid: 0, process }.is_ours());
    let uid = geteuid().as_raw() + 1;
    assert!(!Caller { uid, process }.is_ours());
}

#[test]
fn a_place_has_a_name() {
    assert!("".parse::<Place>().is_err() && "@".parse::<Place>().is_err());
}
