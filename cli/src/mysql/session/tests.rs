use super::*;

/// A session with a shell script in the client's place.
fn session(script: &str, timeout: Duration) -> Session {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script);
    Session::start(command, "test".into(), timeout).unwrap()
}

const LONG: Duration = Duration::from_secs(30);

/// Answers each `SELECT 'x';` with x, and every other line with itself.
const ECHO: &str = r#"while read -r line; do case $line in
    *"SELECT '"*) line=${line#*\'}; echo "${line%\'*}";; *) echo "$line";; esac; done"#;

#[test]
fn answers_are_told_apart() {
    let mut session = session(ECHO, LONG);
    assert_eq!(session.sql("one").unwrap(), [["one"]]);
    assert_eq!(session.sql("two\nthree").unwrap(), [["two"], ["three"]]);
}

#[test]
fn a_client_that_ends_is_told_in_its_own_words() {
    let mut session = session("echo 'ERROR 1045 (28000): Access denied' >&2; exit 1", LONG);
    let error = session.sql("SELECT 1").unwrap_err();
    assert_eq!(error.code(), Some(1045), "{error}");
    assert!(error.to_string().contains("SELECT 1"), "{error}");
}

#[test]
fn a_silent_end_is_told_by_its_status() {
    let error = session("exit 7", LONG)
        .finish("SELECT 1")
        .unwrap_err()
        .to_string();
    assert!(error.contains("exit status: 7"), "{error}");
}

#[test]
fn a_warning_is_no_error() {
    assert_eq!(
        error_in("mysql: [Warning] insecure\nERROR 9 (X): no\n"),
        "ERROR 9 (X): no"
    );
}

#[test]
fn the_statement_that_mariadb_repeats_is_left_out() {
    let said = "--------------\nSELECT FROM\n--------------\n\nERROR 1064 (42000): syntax\n";
    assert_eq!(error_in(said), "ERROR 1064 (42000): syntax");
}

#[test]
fn words_without_an_error_number_are_told_whole() {
    assert_eq!(
        error_in("mysql: unknown option '--x'\n"),
        "mysql: unknown option '--x'"
    );
}

#[test]
fn no_answer_is_a_timeout_and_ends_the_client() {
    let mut session = session("exec sleep 600", Duration::from_millis(50));
    let error = session.sql("SELECT 1").unwrap_err();
    assert!(matches!(error, SqlError::TimedOut { .. }), "{error}");
    assert!(session.child.try_wait().unwrap().is_some());
}
