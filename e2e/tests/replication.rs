//! Real databases: a replica in cluster B follows its source in cluster A by the alias.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use eastwest::clusters::{Layout, SOURCE};
use eastwest::mysql::Flavor;
use eastwest_e2e::{CountedClusters, installed};

fn clusters() -> CountedClusters {
    let mut clusters = CountedClusters::prepare(Layout::Stage).unwrap();
    clusters.start_dns().unwrap();
    clusters.start_gateway().unwrap();
    clusters
}

fn replicates(flavor: Flavor, test: &str) {
    let Some(installed) = installed(flavor, test) else {
        return;
    };
    let mut clusters = clusters();
    let databases = clusters.start_databases(&installed).unwrap();
    let shown = databases.replicate().unwrap();
    assert_eq!(shown.status.source_host(), SOURCE.alias());
    assert_eq!(shown.status.source_port(), Some(3306));
    assert!(
        shown.written.transactions > 0 && shown.compared.rows > 0,
        "{shown:?}"
    );
}

#[test]
fn mysql_follows_its_source_by_the_alias() {
    replicates(Flavor::MySql, "mysql_follows_its_source_by_the_alias");
}

#[test]
fn mariadb_follows_its_source_by_the_alias() {
    replicates(Flavor::MariaDb, "mariadb_follows_its_source_by_the_alias");
}
