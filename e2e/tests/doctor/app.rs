//! Faults of the app.

use eastwest::clusters::{Clusters, HELLO};
use eastwest_e2e::hello;

use crate::examined::{ask_hello, changed, start_peer};

/// In the first pod an app that speaks first, in a protocol of its own.
fn with_greeting(clusters: &mut Clusters) {
    clusters.stop("hello-0-app");
    let at = clusters.layout().pod(&HELLO[0]);
    let mut app = clusters.eastwest_on(HELLO[0].name).unwrap();
    app.args(["stage-hello", "--name", "hello-0"]);
    app.args(["--listen", &format!("{at}:8079")]);
    app.args(["--greet", &format!("{at}:8080")]);
    let greets = format!("listening on {at}:8080");
    clusters
        .start("hello-0-app", app, |printed| printed.contains(&greets))
        .unwrap();
}

#[test]
fn an_app_that_is_down() {
    let mut clusters = hello().unwrap();
    clusters.stop("hello-0-app");
    ask_hello(&clusters, &[]).finds("app-down", "a");
}

#[test]
fn an_app_that_does_not_speak_http() {
    let mut clusters = hello().unwrap();
    with_greeting(&mut clusters);
    ask_hello(&clusters, &[]).finds("app-not-http", "a");
}

#[test]
fn an_app_that_is_not_mysql() {
    let mut clusters = hello().unwrap();
    with_greeting(&mut clusters);
    let file = changed(&clusters, &[("protocol: HTTP", "protocol: MySQL")]);
    ask_hello(&clusters, &["--greeting"])
        .manifests(&file)
        .finds("app-not-mysql", "a");
    // It is not connected to unless it is to be, and nobody says then that it is well.
    let examined = ask_hello(&clusters, &[]).manifests(&file).is_healthy();
    let steps = examined.said.pointer("/routes/0/steps").unwrap();
    let app = steps.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&app["step"], &app["outcome"]),
        (&"app".into(), &"skipped".into())
    );
    let seen = app["seen"].as_str().unwrap();
    assert!(
        seen.contains("whether it is a MySQL that answers is not known"),
        "{seen}"
    );
}

#[test]
fn an_app_that_does_not_greet() {
    let clusters = hello().unwrap();
    let file = changed(&clusters, &[("protocol: HTTP", "protocol: MySQL")]);
    ask_hello(&clusters, &["--greeting"])
        .manifests(&file)
        .finds("app-silent", "a");
}

/// In the place of the first pod's app one that does this.
fn with_app(clusters: &mut Clusters, manner: &str) {
    clusters.stop("hello-0-app");
    let at = format!("{}:8080", clusters.layout().pod(&HELLO[0]));
    let (name, host) = ("hello-0-app", HELLO[0].name);
    start_peer(clusters, (name, host), &["serve", &at, manner, host]);
}

#[test]
fn an_app_that_answers_in_pieces() {
    let mut clusters = hello().unwrap();
    with_app(&mut clusters, "pieces");
    let examined = ask_hello(&clusters, &[]).is_healthy();
    let steps = examined.said.pointer("/routes/0/steps").unwrap();
    let app = steps.as_array().unwrap().last().unwrap();
    assert_eq!(app["seen"], "HEAD / is answered HTTP/1.1 200 OK");
}

#[test]
fn an_app_that_hangs_up() {
    let mut clusters = hello().unwrap();
    with_app(&mut clusters, "gone");
    ask_hello(&clusters, &[]).finds("app-hung-up", "a");
}

#[test]
fn a_mysql_that_has_blocked_the_host() {
    let mut clusters = hello().unwrap();
    with_app(&mut clusters, "blocked");
    let file = changed(&clusters, &[("protocol: HTTP", "protocol: MySQL")]);
    ask_hello(&clusters, &["--greeting"])
        .manifests(&file)
        .finds("app-refuses", "a");
}
