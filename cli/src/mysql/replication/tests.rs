use super::*;

fn status(fields: &[(&str, &str)]) -> ReplicaStatus {
    ReplicaStatus::from_record(
        fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    )
}

#[test]
fn mariadbs_names_become_mysqls() {
    let status = status(&[
        ("Master_Host", "src-db-pxc-0"),
        ("Master_Port", "3306"),
        ("Slave_IO_Running", "Yes"),
        ("Slave_SQL_Running", "Yes"),
    ]);
    assert_eq!(status.source_host(), "src-db-pxc-0");
    assert_eq!(status.source_port(), Some(3306));
    assert!(status.is_running());
}

#[test]
fn a_replica_that_only_connects_does_not_run() {
    let status = status(&[
        ("Replica_IO_Running", "Connecting"),
        ("Replica_SQL_Running", "Yes"),
    ]);
    assert_eq!(status.io_thread(), IoThread::Connecting);
    assert!(!status.is_running());
}

#[test]
fn a_status_in_a_message_has_the_error_and_its_number() {
    let status = status(&[
        ("Source_Host", "src-db-pxc-0"),
        ("Source_Port", "3306"),
        ("Replica_IO_Running", "Connecting"),
        ("Replica_SQL_Running", "Yes"),
        ("Last_IO_Errno", "2003"),
        ("Last_IO_Error", "Can't connect"),
        ("Last_SQL_Errno", "0"),
    ]);
    assert_eq!(
        status.to_string(),
        "source src-db-pxc-0:3306, IO thread Connecting, SQL thread Yes, \
         Last_IO_Error 2003: Can't connect"
    );
    assert!(!status.has_sql_error());
}

fn channel() -> Channel {
    let account = Account {
        user: "replication".into(),
        password: "it's".into(),
    };
    Channel::new("src-db-pxc-0", 3306, account)
}

#[test]
fn mysql_is_told_each_source_by_falling_weight() {
    let sql = channel()
        .or("src-db-pxc-1", 3306)
        .statements(Flavor::MySql)
        .unwrap();
    assert!(
        sql.contains("SOURCE_HOST='src-db-pxc-0', SOURCE_PORT=3306"),
        "{sql}"
    );
    assert!(
        sql.contains("add_source('', 'src-db-pxc-0', 3306, '', 100)"),
        "{sql}"
    );
    assert!(
        sql.contains("add_source('', 'src-db-pxc-1', 3306, '', 99)"),
        "{sql}"
    );
}

#[test]
fn a_password_is_quoted() {
    let sql = channel().statements(Flavor::MariaDb).unwrap();
    assert!(sql.contains("MASTER_PASSWORD='it''s'"), "{sql}");
}

#[test]
fn mariadb_takes_no_second_source() {
    let error = channel()
        .or("src-db-pxc-1", 3306)
        .statements(Flavor::MariaDb)
        .unwrap_err();
    assert!(error.to_string().contains("1 more"), "{error}");
}
