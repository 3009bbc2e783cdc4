//! Servers come from the machine's mirror, once.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::thread;

use eastwest::mysql::{Flavor, Packages};

use crate::pair::installed;

#[test]
fn a_server_is_fetched_once_however_many_ask() {
    let cache = tempfile::tempdir().unwrap();
    let packages = Packages::in_dir(cache.path());
    let versions: Vec<String> = thread::scope(|scope| {
        let ask = || {
            packages
                .ensure(Flavor::MariaDb)
                .unwrap()
                .version()
                .to_owned()
        };
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(ask)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(
        versions.iter().all(|version| version.starts_with("10.11.")),
        "{versions:?}"
    );

    let inode = || {
        fs::metadata(cache.path().join("mariadb/usr/sbin/mariadbd"))
            .unwrap()
            .ino()
    };
    let before = inode();
    packages.ensure(Flavor::MariaDb).unwrap();
    assert_eq!(inode(), before);
    let mut left: Vec<_> = fs::read_dir(cache.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["mariadb", "mariadb.lock"]);
}

#[test]
fn mysql_speaks_the_replication_statements_of_8_0_23() {
    let Some(installed) = installed(Flavor::MySql, "mysql_speaks_the_replication_statements")
    else {
        return;
    };
    let major: u32 = installed
        .version()
        .split('.')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(major >= 8, "{}", installed.version());
}
