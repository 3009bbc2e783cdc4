//! Real databases hear nothing of the doctor, unless it is to hear them.

use std::thread::sleep;
use std::time::{Duration, Instant};

use eastwest::clusters::{Clusters, Databases, Layout, SOURCE};
use eastwest::mysql::Flavor;
use eastwest_e2e::{CountedClusters, installed};

use crate::examined::{Examined, Question, SOON, ask};

/// More lines than a server writes in such a run.
const WHOLE_LOG: usize = 10_000;

/// What a database would count, and where it would complain.
#[derive(Debug, PartialEq, Eq)]
struct Noise {
    aborted: u64,
    log: String,
}

impl Noise {
    fn of(databases: &Databases) -> Self {
        let rows = databases
            .source
            .sql("SHOW GLOBAL STATUS LIKE 'Aborted_connects'")
            .unwrap();
        Self {
            aborted: rows[0][1].parse().unwrap(),
            log: databases.source.log_tail(WHOLE_LOG),
        }
    }
}

fn question<'a>(clusters: &'a Clusters, args: &[&str]) -> Question<'a> {
    let alias = SOURCE.alias();
    let args = [&[alias.as_str(), "--mode", "redirect"], args].concat();
    let replica = clusters
        .certificates()
        .workload("cluster-b", "pxc", "db-pxc");
    ask(clusters, &args).on("b-db").identity(&replica.unwrap())
}

/// The last hop.
fn hop<'a>(examined: &'a Examined, field: &str) -> &'a str {
    let steps = examined.said.pointer("/routes/0/steps").unwrap();
    let app = steps.as_array().unwrap().last().unwrap();
    assert_eq!(app["step"], "app");
    app[field].as_str().unwrap()
}

fn app(examined: &Examined) -> &str {
    hop(examined, "seen")
}

fn outcome(examined: &Examined) -> &str {
    hop(examined, "outcome")
}

fn is_not_troubled(flavor: Flavor, test: &str) {
    let Some(installed) = installed(flavor, test) else {
        return;
    };
    let mut clusters = CountedClusters::prepare(Layout::Stage).unwrap();
    clusters.start_dns().unwrap();
    clusters.start_gateway().unwrap();
    let databases = clusters.start_databases(&installed).unwrap();
    let before = Noise::of(&databases);
    for _ in 0..3 {
        let examined = question(&clusters, &[]).is_healthy();
        assert!(examined.took < SOON, "{:?}", examined.took);
        assert!(
            app(&examined).contains("somebody listens"),
            "{}",
            app(&examined)
        );
        assert_eq!(outcome(&examined), "skipped");
    }
    sleep(Duration::from_millis(500));
    assert_eq!(Noise::of(&databases), before);

    // Nor is a login that comes to an end.
    databases.source.sql("CREATE USER doctor@'%'").unwrap();
    let before = Noise::of(&databases);
    let examined = question(&clusters, &["--mysql-user", "doctor"]).is_healthy();
    assert!(
        app(&examined).ends_with(" let doctor in, who has left again"),
        "{}",
        app(&examined)
    );
    sleep(Duration::from_millis(500));
    assert_eq!(Noise::of(&databases), before);

    // What it would look like if it had connected, and no more.
    let examined = question(&clusters, &["--greeting"]).is_healthy();
    assert!(
        app(&examined).starts_with("MySQL greets, version "),
        "{}",
        app(&examined)
    );
    let begun = Instant::now();
    while Noise::of(&databases).aborted == before.aborted {
        assert!(begun.elapsed() < Duration::from_secs(5));
        sleep(Duration::from_millis(50));
    }
    assert_eq!(Noise::of(&databases).aborted, before.aborted + 1);

    // Of an account that is not there it is said that no more than the greeting is known.
    let examined = question(&clusters, &["--mysql-user", "nobody"]).is_healthy();
    let refused =
        "greets, and that is all that is known: it does not let nobody in, and counts that (";
    assert!(app(&examined).contains(refused), "{}", app(&examined));
    assert!(app(&examined).ends_with("without a password"));
    assert_eq!(outcome(&examined), "skipped");

    // Nor is more known of one that is locked, which is there all the same.
    let source = &databases.source;
    source.sql("ALTER USER doctor@'%' ACCOUNT LOCK").unwrap();
    let examined = question(&clusters, &["--mysql-user", "doctor"]).is_healthy();
    assert!(app(&examined).contains(" locked"), "{}", app(&examined));
    assert!(!app(&examined).contains("has to be there"));
    assert_eq!(outcome(&examined), "skipped");
    if flavor == Flavor::MySql {
        source.sql("ALTER USER doctor@'%' ACCOUNT UNLOCK").unwrap();
        source.sql("SET GLOBAL offline_mode = ON").unwrap();
        question(&clusters, &["--mysql-user", "doctor"]).finds("app-refuses", "a");
    }
}

#[test]
fn mysql_is_not_troubled() {
    is_not_troubled(Flavor::MySql, "mysql_is_not_troubled");
}

#[test]
fn mariadb_is_not_troubled() {
    is_not_troubled(Flavor::MariaDb, "mariadb_is_not_troubled");
}
