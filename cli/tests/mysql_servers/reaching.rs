//! Clients reach servers over the socket and over TCP, and say why not.

use std::time::Duration;

use eastwest::mysql::{Client, Flavor, Installed, Server, SqlError, TcpTarget};
use eastwest::stage::host::ThisMachine;
use nix::sys::signal::Signal;

use crate::pair::{installed, options};

fn over_tcp(installed: &Installed, server: &Server, user: &str, password: &str) -> Client {
    let host = server.bind_addresses().first().unwrap().to_string();
    let target = TcpTarget {
        host: &host,
        port: server.port(),
        user,
        password,
    };
    Client::over_tcp(installed, &ThisMachine, target)
}

fn accounts_are_checked_over_tcp(installed: &Installed) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&ThisMachine, installed, options(&dir, 1)).unwrap();
    server
        .sql("CREATE USER 'app'@'%' IDENTIFIED BY 'right'")
        .unwrap();

    let user = over_tcp(installed, &server, "app", "right")
        .value("SELECT USER()")
        .unwrap();
    assert!(user.starts_with("app@127."), "{user}");
    let error = over_tcp(installed, &server, "app", "wrong")
        .sql("SELECT 1")
        .unwrap_err();
    assert_eq!(error.code(), Some(1045), "{error}");
    // Root has no password: it must not get in from anywhere but the socket.
    let error = over_tcp(installed, &server, "root", "")
        .sql("SELECT 1")
        .unwrap_err();
    assert!(
        error.to_string().contains("1130") || error.code() == Some(1045),
        "{error}"
    );
}

#[test]
fn mysql_checks_accounts_over_tcp() {
    if let Some(installed) = installed(Flavor::MySql, "mysql_checks_accounts_over_tcp") {
        accounts_are_checked_over_tcp(&installed);
    }
}

#[test]
fn mariadb_checks_accounts_over_tcp() {
    accounts_are_checked_over_tcp(&installed(Flavor::MariaDb, "").unwrap());
}

#[test]
fn a_frozen_server_is_a_timeout() {
    let installed = installed(Flavor::MariaDb, "").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&ThisMachine, &installed, options(&dir, 1)).unwrap();
    server.signal(Signal::SIGSTOP).unwrap();
    let client = server
        .client()
        .clone()
        .with_timeout(Duration::from_millis(300));
    let error = client.sql("SELECT 1").unwrap_err();
    assert!(matches!(error, SqlError::TimedOut { .. }), "{error}");
}

#[test]
fn a_session_keeps_its_variables_and_ends_at_an_error() {
    let installed = installed(Flavor::MariaDb, "").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&ThisMachine, &installed, options(&dir, 1)).unwrap();
    let mut session = server.client().session().unwrap();
    assert!(session.sql("SET @x = 'a\\tb'").unwrap().is_empty());
    assert_eq!(
        session.sql("SELECT @x, NULL; SELECT 2;").unwrap(),
        [vec!["a\tb", "NULL"], vec!["2"]]
    );
    let error = session.sql("SELECT FROM").unwrap_err();
    assert_eq!(error.code(), Some(1064), "{error}");
}
