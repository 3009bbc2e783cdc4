use std::sync::{Arc, Mutex};

use super::*;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn texts(dir: &Path) -> Vec<String> {
    let read = Sources::new(vec![dir.to_owned()]).read().unwrap();
    read.into_iter().map(|file| file.text).collect()
}

#[test]
fn a_folder_is_its_yaml_files_by_name() {
    let dir = folder(&[
        ("b.yml", "two"),
        ("a.yaml", "one"),
        ("readme.md", "no"),
        (".x.yaml", "no"),
    ]);
    assert_eq!(texts(dir.path()), ["one", "two"]);
}

#[test]
fn a_mounted_config_map_is_read_through_its_links() {
    let dir = folder(&[]);
    let data = dir.path().join("..2026");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("a.yaml"), "mounted").unwrap();
    std::os::unix::fs::symlink("..2026", dir.path().join("..data")).unwrap();
    std::os::unix::fs::symlink("..data/a.yaml", dir.path().join("a.yaml")).unwrap();
    assert_eq!(texts(dir.path()), ["mounted"]);
}

/// A generation of a mounted volume, in force at once.
fn swap(volume: &Path, name: &str, files: [&str; 2]) {
    let data = volume.join(name);
    fs::create_dir(&data).unwrap();
    for (file, text) in ["a.yaml", "b.yaml"].into_iter().zip(files) {
        fs::write(data.join(file), text).unwrap();
    }
    std::os::unix::fs::symlink(name, volume.join("..new")).unwrap();
    fs::rename(volume.join("..new"), volume.join("..data")).unwrap();
}

fn mounted(files: [&str; 2]) -> tempfile::TempDir {
    let dir = folder(&[]);
    swap(dir.path(), "..1", files);
    for file in ["a.yaml", "b.yaml"] {
        let link = dir.path().join(file);
        std::os::unix::fs::symlink(Path::new("..data").join(file), link).unwrap();
    }
    dir
}

/// The old one goes, too, as with the kubelet.
#[test]
fn what_moves_to_a_file_that_has_been_read_is_not_lost() {
    for by_name in [false, true] {
        let dir = mounted(["", "deny"]);
        let files = ["a.yaml", "b.yaml"].map(|file| dir.path().join(file));
        let sources = match by_name {
            true => Sources::new(files.to_vec()),
            false => Sources::new(vec![dir.path().to_owned()]),
        };
        let mut swapped = false;
        let read = sources.read_passing(|file| {
            if file.ends_with("b.yaml") && !swapped {
                swapped = true;
                swap(dir.path(), "..2", ["deny", ""]);
                fs::remove_dir_all(dir.path().join("..1")).unwrap();
            }
        });
        let texts: Vec<_> = read.unwrap().into_iter().map(|file| file.text).collect();
        assert_eq!(texts, ["deny", ""]);
    }
}

#[test]
fn a_volume_that_is_never_at_rest_is_an_error() {
    let dir = mounted(["", "deny"]);
    let mut generation = 1;
    let read = Sources::new(vec![dir.path().to_owned()]).read_passing(|_| {
        generation += 1;
        swap(dir.path(), &format!("..{generation}"), ["deny", ""]);
    });
    let error = read.unwrap_err().to_string();
    assert!(error.ends_with("each time that they were read"), "{error}");
}

#[test]
fn a_path_that_is_not_there_is_named() {
    let error = Sources::new(vec!["/nowhere/routes.yaml".into()])
        .read()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read /nowhere/routes.yaml: there is no such file or folder"
    );
}

#[test]
fn a_file_of_other_bytes_leaves_the_others_to_be_read() {
    let dir = folder(&[("b.yaml", "good")]);
    fs::write(dir.path().join("a.yaml"), [b'a', 0xff, 0xfe]).unwrap();
    assert_eq!(texts(dir.path()), ["a\u{fffd}\u{fffd}", "good"]);
}

/// What it leads to may be a policy.
#[test]
fn a_link_that_leads_nowhere_is_not_passed_over() {
    let dir = folder(&[("allow.yaml", "allow")]);
    let deny = dir.path().join("deny.yaml");
    std::os::unix::fs::symlink("gone", &deny).unwrap();
    let error = Sources::new(vec![dir.path().to_owned()]).read();
    assert_eq!(error.unwrap_err().path, deny);
}

#[tokio::test(start_paused = true)]
async fn files_that_never_stand_still_are_told() {
    let dir = folder(&[("a.yaml", "0")]);
    let sources = Sources::new(vec![dir.path().to_owned()]);
    let (draft, path) = (dir.path().join("draft"), dir.path().join("a.yaml"));
    let writing = tokio::spawn(async move {
        for n in 1.. {
            fs::write(&draft, format!("{n}")).unwrap();
            fs::rename(&draft, &path).unwrap();
            sleep(SETTLE / 3).await;
        }
    });
    let error = sources.settled(&[]).await.unwrap().unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("files keep changing while they are read")
    );
    writing.abort();
}

/// The clock is the test's own: it stands still while files are being looked at.
#[tokio::test(start_paused = true)]
async fn a_file_that_is_still_being_written_does_not_count() {
    let dir = folder(&[("a.yaml", "old")]);
    let sources = Sources::new(vec![dir.path().to_owned()]);
    let (_requests, requested) = watch::channel(0);
    let stop = CancellationToken::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watching = tokio::spawn(sources.clone().watch(
        sources.read().unwrap(),
        LOOK_EVERY,
        requested,
        stop.clone(),
        {
            let seen = Arc::clone(&seen);
            move |news| seen.lock().unwrap().push(news.unwrap()[0].text.clone())
        },
    ));
    let write = |text: &str| fs::write(dir.path().join("a.yaml"), text).unwrap();
    write("");
    sleep(LOOK_EVERY + SETTLE / 2).await;
    write("allow: x\n");
    sleep(SETTLE).await;
    write("allow: x\ndeny: y\n");
    sleep(2 * LOOK_EVERY).await;
    assert_eq!(*seen.lock().unwrap(), ["allow: x\ndeny: y\n"]);
    stop.cancel();
    watching.await.unwrap();
}

#[tokio::test]
async fn a_change_is_seen_and_an_error_told_once() {
    let dir = folder(&[("a.yaml", "old")]);
    let sources = Sources::new(vec![dir.path().to_owned()]);
    let (_requests, requested) = watch::channel(0);
    let stop = CancellationToken::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watching = tokio::spawn(sources.clone().watch(
        sources.read().unwrap(),
        Duration::from_millis(10),
        requested,
        stop.clone(),
        {
            let seen = Arc::clone(&seen);
            move |news| {
                seen.lock()
                    .unwrap()
                    .push(news.map(|f| f[0].text.clone()).map_err(|_| ()))
            }
        },
    ));
    let until = async |n: usize| {
        while seen.lock().unwrap().len() < n {
            sleep(Duration::from_millis(5)).await;
        }
    };
    fs::write(dir.path().join("a.yaml"), "new").unwrap();
    until(1).await;
    std::os::unix::fs::symlink("gone", dir.path().join("b.yaml")).unwrap();
    until(2).await;
    sleep(Duration::from_millis(60)).await;
    fs::remove_file(dir.path().join("b.yaml")).unwrap();
    until(3).await;
    stop.cancel();
    watching.await.unwrap();
    let new = || Ok("new".to_owned());
    assert_eq!(*seen.lock().unwrap(), [new(), Err(()), new()]);
}

#[test]
fn what_is_away_for_a_moment_at_the_start_is_read_and_what_stays_away_is_named() {
    let dir = folder(&[]);
    let link = dir.path().join("current.yaml");
    let sources = Sources::new(vec![link.clone()]);
    assert!(
        sources
            .read_first()
            .unwrap_err()
            .to_string()
            .contains("current.yaml")
    );
    fs::write(dir.path().join("2.yaml"), "new").unwrap();
    let swapping = thread::spawn(move || {
        thread::sleep(SETTLE / 2);
        std::os::unix::fs::symlink("2.yaml", link).unwrap();
    });
    assert_eq!(sources.read_first().unwrap()[0].text, "new");
    swapping.join().unwrap();
}
