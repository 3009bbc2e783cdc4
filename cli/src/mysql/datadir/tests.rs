use std::os::unix::fs::PermissionsExt;

use super::*;

#[test]
fn a_copy_has_the_files_but_not_the_identity() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    fs::create_dir_all(from.join("mysql")).unwrap();
    fs::write(from.join("mysql/user.ibd"), "rows").unwrap();
    fs::write(from.join(IDENTITY), "server-uuid=1").unwrap();
    copy_directory(&from, &to).unwrap();
    assert_eq!(
        fs::read_to_string(to.join("mysql/user.ibd")).unwrap(),
        "rows"
    );
    assert!(!to.join(IDENTITY).exists());
}

#[test]
fn a_copy_is_open_to_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("to");
    copy_directory(dir.path().join("from").as_path(), &to).unwrap_err();
    assert_eq!(
        fs::metadata(&to).unwrap().permissions().mode() & 0o777,
        0o700
    );
}

#[test]
fn a_directory_with_data_is_never_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    fs::create_dir_all(&from).unwrap();
    fs::create_dir_all(&to).unwrap();
    fs::write(to.join("ibdata1"), "rows").unwrap();
    let error = copy_directory(&from, &to).unwrap_err().to_string();
    assert!(error.contains("not empty"), "{error}");
    assert!(error.contains(&to.display().to_string()), "{error}");
}
