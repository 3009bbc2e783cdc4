use super::*;

/// A directory with programs that are shell scripts.
fn tree(scripts: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, body) in scripts {
        script(&dir.path().join(path), body);
    }
    dir
}

/// Puts a program in place that is a shell script. Another process writes it: a file that this
/// one has open for writing would be so in the children of other tests too, and cannot be run.
pub(in crate::mysql) fn script(path: &Path, body: &str) {
    let text = tempfile::NamedTempFile::new().unwrap();
    fs::write(text.path(), format!("#!/bin/sh\n{body}\n")).unwrap();
    let mut install = Command::new("install");
    install
        .args(["-D", "--mode=755"])
        .arg(text.path())
        .arg(path);
    assert!(install.status().unwrap().success());
}

const MYSQL: &str = "echo 'mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))'";

#[test]
fn a_tarball_is_its_own_basedir_and_runs_without_a_loader() {
    let dir = tree(&[("bin/mysqld", MYSQL), ("bin/mysql", "")]);
    let installed = Installed::in_dir(Flavor::MySql, dir.path(), dir.path()).unwrap();
    assert_eq!(installed.version(), "9.7.4-2");
    assert_eq!(installed.basedir(), dir.path());
    let command = installed.server_command(&ThisMachine);
    assert_eq!(
        command.get_program(),
        dir.path().join("bin/mysqld").as_os_str()
    );
}

#[test]
fn an_unpacked_tree_runs_through_its_own_loader_and_libraries() {
    let print_last = r#"for last; do :; done; echo "$*" >&2; echo 'x Ver 9.7.4-2'"#;
    let dir = tree(&[
        ("usr/sbin/mysqld", "exit 9"),
        ("usr/bin/mysql", ""),
        ("lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", print_last),
        ("usr/lib/x86_64-linux-gnu/libssl.so.3", ""),
    ]);
    let installed = Installed::in_dir(Flavor::MySql, dir.path(), dir.path()).unwrap();
    assert_eq!(installed.basedir(), dir.path().join("usr"));
    let command = installed.server_command(&ThisMachine);
    let server = dir.path().join("usr/sbin/mysqld");
    let libraries = format!(
        "{0}/lib/x86_64-linux-gnu:{0}/usr/lib/x86_64-linux-gnu",
        dir.path().display()
    );
    let args: Vec<_> = command.get_args().collect();
    assert_eq!(
        args,
        [
            "--argv0".as_ref(),
            server.as_os_str(),
            "--library-path".as_ref(),
            libraries.as_ref(),
            server.as_os_str()
        ]
    );
}

#[test]
fn a_directory_without_a_server_is_named_with_what_to_give_instead() {
    let dir = tempfile::tempdir().unwrap();
    let error = Installed::in_dir(Flavor::MySql, dir.path(), dir.path())
        .unwrap_err()
        .to_string();
    assert!(error.contains(&dir.path().display().to_string()), "{error}");
    assert!(error.contains("no mysqld"), "{error}");
    assert!(error.contains("unpacked MySQL server"), "{error}");
}

#[test]
fn the_other_server_under_the_same_name_is_refused() {
    let mariadb = "echo 'mysqld  Ver 10.11.18-MariaDB for Linux'";
    let dir = tree(&[("bin/mysqld", mariadb), ("bin/mysql", "")]);
    let error = Installed::in_dir(Flavor::MySql, dir.path(), dir.path()).unwrap_err();
    assert!(matches!(error, LayoutError::OtherFlavor { .. }), "{error}");
}

#[test]
fn a_server_that_does_not_run_is_told_with_its_own_words() {
    let dir = tree(&[
        ("bin/mysqld", "echo 'wrong architecture' >&2; exit 3"),
        ("bin/mysql", ""),
    ]);
    let error = Installed::in_dir(Flavor::MySql, dir.path(), dir.path())
        .unwrap_err()
        .to_string();
    assert!(error.contains("wrong architecture"), "{error}");
}
