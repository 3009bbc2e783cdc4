//! Servers start, keep their rows, and end as they are told.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use eastwest::mysql::{Flavor, Installed, Server, StartError, Stopped};
use eastwest::stage::host::{Host, ThisMachine};

use crate::pair::{LONG, installed, options, skipped};

fn keeps_its_rows(installed: &Installed) {
    let dir = tempfile::tempdir().unwrap();
    let options = options(&dir, 1);
    let server = Server::start(&ThisMachine, installed, options.clone()).unwrap();
    let rows =
        "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); INSERT INTO d.t VALUES (7)";
    server.sql(rows).unwrap();
    assert_eq!(server.stop(LONG).unwrap(), Stopped::Cleanly);

    let server = Server::start(&ThisMachine, installed, options.clone()).unwrap();
    server.sql("INSERT INTO d.t VALUES (8)").unwrap();
    server.kill();
    let server = Server::start(&ThisMachine, installed, options).unwrap();
    assert_eq!(
        server.sql("SELECT id FROM d.t ORDER BY id").unwrap(),
        [["7"], ["8"]]
    );
}

#[test]
fn mysql_keeps_its_rows_over_a_stop_and_a_kill() {
    if let Some(installed) = installed(Flavor::MySql, "mysql_keeps_its_rows") {
        keeps_its_rows(&installed);
    }
}

#[test]
fn mariadb_keeps_its_rows_over_a_stop_and_a_kill() {
    keeps_its_rows(&installed(Flavor::MariaDb, "").unwrap());
}

#[test]
fn a_dropped_server_is_gone() {
    let installed = installed(Flavor::MariaDb, "").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&ThisMachine, &installed, options(&dir, 1)).unwrap();
    let process = PathBuf::from(format!("/proc/{}", server.pid()));
    let command = std::fs::read_to_string(process.join("cmdline")).unwrap();
    assert!(
        command.contains("mariadbd"),
        "the child is not the server: {command}"
    );
    drop(server);
    assert!(!process.exists());
}

#[test]
fn a_port_in_use_is_told_from_the_servers_log() {
    let installed = installed(Flavor::MariaDb, "").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let first = Server::start(&ThisMachine, &installed, options(&dir, 1)).unwrap();
    let address = *first.bind_addresses().first().unwrap();
    let second = options(&dir, 2).listening_on(address, first.port());
    let error = Server::start(&ThisMachine, &installed, second).unwrap_err();
    assert!(matches!(error, StartError::Ended { .. }), "{error}");
    assert!(
        error.to_string().contains("Address already in use"),
        "{error}"
    );
}

/// Runs programs as uid 0 of a user namespace of their own, as a stage does.
struct UserNamespace;

impl Host for UserNamespace {
    fn name(&self) -> &str {
        "user namespace"
    }

    fn command(&self, program: &OsStr) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user"]).arg(program);
        command
    }
}

fn runs_as_root_of_a_user_namespace(flavor: Flavor, test: &str) {
    let tried = UserNamespace.command("true".as_ref()).output().unwrap();
    if !tried.status.success() {
        return skipped(test, &String::from_utf8_lossy(&tried.stderr));
    }
    let Some(installed) = installed(flavor, test) else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&UserNamespace, &installed, options(&dir, 1)).unwrap();
    assert_eq!(server.client().value("SELECT 40 + 2").unwrap(), "42");
    assert_eq!(server.stop(LONG).unwrap(), Stopped::Cleanly);
}

#[test]
fn mysql_runs_as_root_of_a_user_namespace() {
    runs_as_root_of_a_user_namespace(Flavor::MySql, "mysql_runs_as_root_of_a_user_namespace");
}

#[test]
fn mariadb_runs_as_root_of_a_user_namespace() {
    runs_as_root_of_a_user_namespace(Flavor::MariaDb, "mariadb_runs_as_root_of_a_user_namespace");
}
