use std::os::unix::fs::symlink;

use super::*;

fn folders(reach: &Reach) -> Vec<&Path> {
    reach.folders.iter().map(PathBuf::as_path).collect()
}

#[test]
fn of_a_file_that_may_be_replaced_it_is_the_folder_that_counts() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("routes.yaml");
    fs::write(&file, "").unwrap();
    assert_eq!(folders(&Reach::new().read_again([&file])), [dir.path()]);
    let missing = dir.path().join("not-there-yet.yaml");
    assert_eq!(folders(&Reach::new().read_again([missing])), [dir.path()]);
}

#[test]
fn a_mounted_config_map_is_reached_through_its_folder_and_through_a_file_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let version = dir.path().join("..2026_11_25");
    fs::create_dir(&version).unwrap();
    fs::write(version.join("tls.crt"), "").unwrap();
    symlink("..2026_11_25", dir.path().join("..data")).unwrap();
    symlink("..data/tls.crt", dir.path().join("tls.crt")).unwrap();
    // The next version is another folder beside this one: the rule has to be above both.
    for named in [dir.path().to_owned(), dir.path().join("tls.crt")] {
        let reach = Reach::new().read_again([named]);
        assert!(folders(&reach).contains(&dir.path()), "{reach:?}");
    }
}

#[test]
fn a_link_to_a_folder_may_point_to_its_neighbour_later() {
    let dir = tempfile::tempdir().unwrap();
    let [releases, named] = ["releases", "named"].map(|name| dir.path().join(name));
    fs::create_dir_all(releases.join("1")).unwrap();
    fs::create_dir(&named).unwrap();
    symlink("../releases/1", named.join("current")).unwrap();
    let reach = Reach::new().read_again([named.join("current")]);
    let folders = folders(&reach);
    let real = |path: &Path| folders.iter().any(|f| fs::canonicalize(f).unwrap() == path);
    assert!(real(&named) && real(&releases), "{folders:?}");
}

#[test]
fn a_file_that_a_folder_has_as_a_link_is_reached_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let [secrets, named] = ["secrets", "named"].map(|name| dir.path().join(name));
    fs::create_dir(&secrets).unwrap();
    fs::create_dir(&named).unwrap();
    fs::write(secrets.join("key.pem"), "").unwrap();
    symlink(secrets.join("key.pem"), named.join("key.pem")).unwrap();
    symlink("/", named.join("everything")).unwrap();
    assert_eq!(
        folders(&Reach::new().read_again([&named])),
        [&named, &secrets]
    );
}

#[test]
fn links_in_a_circle_end() {
    let dir = tempfile::tempdir().unwrap();
    symlink("two", dir.path().join("one")).unwrap();
    symlink("one", dir.path().join("two")).unwrap();
    let reach = Reach::new().read_again([dir.path().join("one")]);
    assert_eq!(folders(&reach), [dir.path()]);
}

#[test]
fn the_root_folder_is_never_taken_whole() {
    let reach = Reach::new().read_again(["/", "/routes.yaml"]);
    assert!(reach.folders.is_empty());
    assert_eq!(reach.files, [PathBuf::from("/routes.yaml")].into());
}

#[test]
fn ports_are_not_limited_before_one_is_named() {
    assert_eq!(Reach::new().bound(), None);
    let listens = Reach::new().listens(["0.0.0.0:15443".parse().unwrap()]);
    assert_eq!(listens.bound(), Some(&[15443].into()));
    let any = listens.clone().listens(["0.0.0.0:0".parse().unwrap()]);
    assert_eq!(any.bound(), None);
    assert_eq!(listens.connect, None);
    assert_eq!(Reach::new().dials([53, 53]).connect, Some([53].into()));
}

#[test]
fn a_socket_needs_its_folder() {
    let reach = Reach::new().socket(Path::new("/run/eastwest/handover.sock"));
    assert_eq!(
        reach.socket_folders,
        [PathBuf::from("/run/eastwest")].into()
    );
}
