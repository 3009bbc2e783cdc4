//! A replica follows by GTID, holds every row, and says what is wrong if it does not.

use std::time::Duration;

use eastwest::mysql::{
    CompareError, Difference, Flavor, Installed, Pace, Presence, ReplicationError, Server,
    Workload, compare,
};
use eastwest::stage::host::ThisMachine;

use crate::pair::{LONG, Pair, account, channel_to, installed, options, place};

/// Runs a test with each server that is to be had.
macro_rules! for_both {
    ($($name:ident),+ $(,)?) => {
        mod mysql {
            $(#[test]
            fn $name() {
                let test = concat!("replicating::mysql::", stringify!($name));
                if let Some(installed) = super::installed(super::Flavor::MySql, test) {
                    super::$name(&installed);
                }
            })+
        }
        mod mariadb {
            $(#[test]
            fn $name() {
                super::$name(&super::installed(super::Flavor::MariaDb, "").unwrap());
            })+
        }
    };
}

for_both!(
    a_replica_that_joins_under_load_gets_every_row,
    a_planted_difference_is_found,
    a_row_of_32_mib_arrives,
    a_refused_account_is_told_in_the_servers_words,
    a_source_that_is_not_there_is_named,
    a_row_that_cannot_be_applied_is_told_at_once,
);

fn a_replica_that_joins_under_load_gets_every_row(installed: &Installed) {
    let pair = Pair::start(installed);
    let workload = Workload::start(pair.source.client(), Pace::default()).unwrap();
    let until = |transactions| {
        while workload.transactions() < transactions {
            assert!(!workload.is_over());
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    until(30);
    pair.replica.replica().follow(&pair.channel()).unwrap();
    let status = pair.replica.replica().wait_running(LONG).unwrap();
    assert_eq!(status.source_port(), Some(pair.source.port()));
    let before = workload.transactions();
    until(before + 200);
    let written = workload.stop().unwrap();
    assert!(written.transactions >= before + 200, "{written:?}");
    pair.level();

    let compared = compare(pair.source.client(), pair.replica.client()).unwrap();
    assert_eq!(compared.tables, 4);
    assert!(compared.rows > 500, "{compared}");
    let orders = pair
        .replica
        .client()
        .value("SELECT COUNT(*) FROM workload.orders")
        .unwrap();
    assert!(orders.parse::<u32>().unwrap() > 500, "{orders}");
}

/// Does something on the replica alone; what comparing says then.
fn planted(pair: &Pair, statement: &str) -> Difference {
    let unlogged = format!("SET SESSION sql_log_bin = 0; {statement}");
    pair.replica.sql(&unlogged).unwrap();
    match compare(pair.source.client(), pair.replica.client()) {
        Err(CompareError::Different(difference)) => difference,
        other => panic!("not found: {statement}: {other:?}"),
    }
}

fn a_planted_difference_is_found(installed: &Installed) {
    let pair = Pair::following(installed);
    let rows = "CREATE DATABASE d;
        CREATE TABLE d.t (a INT, b VARCHAR(9), note TEXT, PRIMARY KEY (a, b));
        CREATE TABLE d.keyless (note TEXT);
        INSERT INTO d.t VALUES (1, 'x', NULL), (2, 'y', 'two'), (3, 'z', '');
        INSERT INTO d.keyless VALUES ('one'), ('one')";
    pair.source.sql(rows).unwrap();
    pair.level();
    let same = compare(pair.source.client(), pair.replica.client()).unwrap();
    assert_eq!((same.tables, same.rows), (2, 5));

    let row = |key: &str, presence| Difference::Row {
        table: "`d`.`t`".into(),
        key: key.into(),
        presence,
    };
    let values = |key: &str| Difference::Values {
        table: "`d`.`t`".into(),
        key: key.into(),
    };
    assert_eq!(
        planted(&pair, "UPDATE d.t SET note = 'Two' WHERE a = 2"),
        values("2, y")
    );
    assert_eq!(
        planted(
            &pair,
            "UPDATE d.t SET note = 'two' WHERE a = 2; \
        UPDATE d.t SET note = NULL WHERE a = 3"
        ),
        values("3, z")
    );
    assert_eq!(
        planted(&pair, "DELETE FROM d.t WHERE a = 3"),
        row("3, z", Presence::OnlyOnSource)
    );
    let more = "INSERT INTO d.t VALUES (0, '', '')";
    assert_eq!(planted(&pair, more), row("0, ", Presence::OnlyOnReplica));
    let keyless = planted(&pair, "DELETE FROM d.keyless LIMIT 1");
    assert!(matches!(
        keyless,
        Difference::Row {
            presence: Presence::OnlyOnSource,
            ..
        }
    ));
    let column = planted(&pair, "ALTER TABLE d.t MODIFY note LONGTEXT");
    assert!(matches!(column, Difference::Columns { .. }), "{column}");
    let table = planted(&pair, "CREATE TABLE d.other (id INT)");
    let only = Difference::Table {
        table: "`d`.`other`".into(),
        presence: Presence::OnlyOnReplica,
    };
    assert_eq!(table, only);
}

fn a_row_of_32_mib_arrives(installed: &Installed) {
    let pair = Pair::following(installed);
    let big = Pace {
        rounds: 1,
        pause: Duration::ZERO,
        big_row: 32 << 20,
    };
    let workload = Workload::start(pair.source.client(), big).unwrap();
    while !workload.is_over() {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(workload.stop().unwrap().transactions, 6);
    pair.level();
    let length = "SELECT LENGTH(body) FROM workload.documents";
    assert_eq!(
        pair.replica.client().value(length).unwrap(),
        (32 << 20).to_string()
    );
    compare(pair.source.client(), pair.replica.client()).unwrap();
}

fn a_refused_account_is_told_in_the_servers_words(installed: &Installed) {
    let pair = Pair::start(installed);
    let mut channel = pair.channel();
    channel.account.password = "wrong".into();
    pair.replica.replica().follow(&channel).unwrap();
    let error = pair
        .replica
        .replica()
        .wait_running(Duration::from_secs(3))
        .unwrap_err()
        .to_string();
    assert!(error.contains("Last_IO_Error 1045"), "{error}");
    assert!(error.contains("Access denied"), "{error}");
}

fn a_source_that_is_not_there_is_named(installed: &Installed) {
    let dir = tempfile::tempdir().unwrap();
    let replica = Server::start(&ThisMachine, installed, options(&dir, 2)).unwrap();
    let error = replica.replica().wait_running(LONG).unwrap_err();
    assert!(matches!(error, ReplicationError::NoChannel), "{error}");

    let (address, port) = place();
    let channel = eastwest::mysql::Channel::new(address.to_string(), port, account());
    replica.replica().follow(&channel).unwrap();
    let error = replica
        .replica()
        .wait_running(Duration::from_secs(3))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(&format!("source {address}:{port}")),
        "{error}"
    );
    assert!(error.contains("Last_IO_Error 2003"), "{error}");
}

fn a_row_that_cannot_be_applied_is_told_at_once(installed: &Installed) {
    let pair = Pair::following(installed);
    pair.source
        .sql("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)")
        .unwrap();
    pair.level();
    pair.replica
        .sql("SET SESSION sql_log_bin = 0; INSERT INTO d.t VALUES (1)")
        .unwrap();
    pair.source.sql("INSERT INTO d.t VALUES (1)").unwrap();
    let level = pair
        .replica
        .replica()
        .wait_caught_up(pair.source.client(), LONG);
    let Err(ReplicationError::NotCaughtUp { waited, status, .. }) = level else {
        panic!("{level:?}");
    };
    assert!(waited < LONG, "{waited:?}");
    assert!(status.has_sql_error(), "{status}");
}

#[test]
fn mysql_goes_to_the_next_source_when_the_first_is_lost() {
    let Some(installed) = installed(Flavor::MySql, "mysql_goes_to_the_next_source") else {
        return;
    };
    let Pair {
        source,
        replica,
        _dir,
    } = &Pair::start(&installed);
    let (absent, port) = place();
    let mut channel = channel_to(source);
    channel.retry_count = 1;
    channel.alternates = vec![channel.source.clone()];
    channel.source.host = absent.to_string();
    channel.source.port = port;
    replica.replica().follow(&channel).unwrap();
    let status = replica.replica().wait_running(LONG).unwrap();
    assert_eq!(status.source_port(), Some(source.port()));
}
