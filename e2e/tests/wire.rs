//! Nothing of MySQL crosses the network between the clusters in clear.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use eastwest::clusters::Layout;
use eastwest::mysql::Flavor;
use eastwest_e2e::packets::Packets;
use eastwest_e2e::{CountedClusters, installed};

/// A word that is in the rows, and words of MySQL's own protocol.
const ROW: &str = "a row that nobody on the way may read";

#[test]
fn what_crosses_between_the_clusters_holds_nothing_of_mysql() {
    let test = "what_crosses_between_the_clusters_holds_nothing_of_mysql";
    let Some(installed) = installed(Flavor::MySql, test) else {
        return;
    };
    let mut clusters = CountedClusters::prepare(Layout::Stage).unwrap();
    clusters.start_dns().unwrap();
    clusters.start_gateway().unwrap();
    // On the router of cluster B everything between the clusters passes; inside the source's pod it
    // is in clear, which proves that the capture sees what there is to see.
    let capture = |name: &str| {
        let file = clusters.dir().join(format!("{name}.packets"));
        let host = clusters.host(name).unwrap();
        Packets::of(&*host, env!("CARGO_BIN_EXE_packets"), &file).unwrap()
    };
    let on_the_way = capture("b-node");
    let in_the_pod = capture("db-pxc-0");
    let databases = clusters.start_databases(&installed).unwrap();
    databases
        .source
        .sql(&format!(
            "CREATE DATABASE wire; CREATE TABLE wire.t (id INT PRIMARY KEY, s TEXT); \
                       INSERT INTO wire.t VALUES (1, '{ROW}')"
        ))
        .unwrap();
    databases.replicate().unwrap();
    let (way, pod) = (on_the_way.all().unwrap(), in_the_pod.all().unwrap());
    for word in [
        ROW,
        "caching_sha2_password",
        installed.version().split('-').next().unwrap(),
    ] {
        assert!(
            contains(&pod, word),
            "{word:?} was not even seen inside the pod"
        );
        assert!(
            !contains(&way, word),
            "{word:?} crossed between the clusters in clear"
        );
    }
    assert!(
        way.len() > 100_000,
        "only {} bytes were captured on the way",
        way.len()
    );
}

fn contains(bytes: &[u8], word: &str) -> bool {
    bytes
        .windows(word.len())
        .any(|window| window == word.as_bytes())
}
