//! Each way of an app's connection to the shim, with a real MySQL that follows its source over it.
//!
//! The containers have the rights that Kubernetes gives them: the shim is uid 1337 without any
//! capability, the capture step is uid 0 with NET_ADMIN alone. Each row of the table that is printed
//! is a replica that has the rows of its source, and then, the shim killed, is refused at once. The
//! modes on loopback have IPv4 only: IPv6 has a single loopback address, which is localhost.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod alias;
mod pods;
mod replica;
mod rows;

use eastwest::clusters::{Clusters, SOURCE};
use eastwest::mysql::Flavor;
use eastwest_e2e::{eastwest, installed};

use alias::{Alias, EGRESS, Family, PLAIN, PXC, plan};
use pods::{CLUSTERS_OWN, Containers};
use replica::{Replica, ServerAt};
use rows::{Row, Table};

/// Both families, each in one row.
const FAMILIES: [Family; 2] = [Family::V4, Family::V6];

#[test]
fn a_replica_follows_its_source_in_every_mode_and_fails_closed() {
    let test = "a_replica_follows_its_source_in_every_mode_and_fails_closed";
    let Some(installed) = installed(Flavor::MySql, test) else {
        return;
    };
    let mut clusters = Clusters::prepare_on(&eastwest(), &plan()).unwrap();
    clusters.start_dns().unwrap();
    clusters.start_gateway().unwrap();
    clusters.start_source_shim().unwrap();
    let mut pods = Containers::new(clusters);
    let mut replica = Replica::new(&pods, &installed);
    let mut table = Table::begin();
    vip(&mut pods, &mut replica, &mut table);
    port(&mut pods, &mut replica, &mut table);
    replica.stop();
    for at in [ServerAt::AllIpv4, ServerAt::All] {
        replica.start_on(&pods, PXC, at);
        lay(&mut pods, at);
        redirect(&mut pods, &replica, &mut table);
        unlay(&mut pods);
        service(&mut pods, &replica, &mut table);
        replica.stop();
    }
    // Two servers in each mode, and two families in those that are not on loopback.
    assert_eq!(table.rows(), 2 + 2 + 4 + 4);
}

/// Follows the source by `dialled`, then kills the shim and is refused there.
fn row(
    pods: &mut Containers,
    replica: &Replica<'_>,
    table: &mut Table,
    (mode, alias, port): (&'static str, &Alias, u16),
) {
    replica.follows(port);
    pods.kill_shim();
    replica.is_refused(pods, alias.dialled(port));
    table.add(Row {
        mode,
        server: replica.at(),
        dials: alias.dialled(port),
        outcome: "replicates; without the shim refused at once",
    });
}

/// The server wins: it starts at any time, on all addresses too, whatever the shim has.
fn vip(pods: &mut Containers, replica: &mut Replica<'_>, table: &mut Table) {
    let own = ["--own-port", "3306"];
    let first = pods.start_shim(PLAIN, "vip", Family::V4, &own);
    replica.start_on(pods, PLAIN, ServerAt::OwnAddresses);
    row(pods, replica, table, ("vip", &first, 3306));

    let alias = pods.start_shim(PLAIN, "vip", Family::V4, &own);
    replica.follows(3306);
    replica.stop();
    replica.start_on(pods, PLAIN, ServerAt::AllIpv4);
    pods.wait_for_shim("of all addresses: use --mode port or redirect");
    assert!(
        pods.answers(PLAIN, &SOURCE.alias()).is_empty(),
        "its address is the server's"
    );
    pods.kill_shim();
    table.add(Row {
        mode: "vip",
        server: replica.at(),
        dials: alias.dialled(3306),
        outcome: "left to mysqld, which starts; the alias is not answered",
    });
}

/// Beside a server on all addresses, whichever of the two is first.
fn port(pods: &mut Containers, replica: &mut Replica<'_>, table: &mut Table) {
    let alias = pods.start_shim(PLAIN, "port", Family::V4, &[]);
    row(pods, replica, table, ("port", &alias, 13_306));
    replica.stop();
    let alias = pods.start_shim(PLAIN, "port", Family::V4, &[]);
    replica.start_on(pods, PLAIN, ServerAt::All);
    row(pods, replica, table, ("port", &alias, 13_306));
}

/// By an init container in the one, by a sidecar in the other.
fn lay(pods: &mut Containers, at: ServerAt) {
    match at {
        ServerAt::All => pods.keep_captured(PXC),
        _ => pods.capture(PXC, &["lay", "--dns"]),
    }
}

fn unlay(pods: &mut Containers) {
    pods.end_keeping();
    pods.capture(PXC, &["check", "--dns"]);
    pods.capture(PXC, &["remove"]);
    // That a packet for such an address would have been seen.
    let wire = pods.watch(PXC);
    let alias = Alias::virtual_ip("redirect", Family::V4);
    pods.dial(PXC, alias.dialled(3306)).unwrap_err();
    assert!(pods.went_out(&wire, &alias));
}

/// In a pod whose DNS is the cluster's, and whose server owns the port.
fn redirect(pods: &mut Containers, replica: &Replica<'_>, table: &mut Table) {
    for family in FAMILIES {
        let wire = pods.watch(PXC);
        let alias = pods.start_shim(PXC, "redirect", family, &[]);
        let (name, address) = CLUSTERS_OWN;
        assert!(pods.answers(PXC, name).contains(address));
        row(pods, replica, table, ("redirect", &alias, 3306));
        assert!(
            !pods.went_out(&wire, &alias),
            "a packet for {alias:?} left the pod"
        );
    }
}

/// The pod is as it was; its cluster has a Service of the alias's name, and an egress behind it.
fn service(pods: &mut Containers, replica: &Replica<'_>, table: &mut Table) {
    for family in FAMILIES {
        let alias = pods.start_shim(EGRESS, "service", family, &[]);
        pods.wait_for_shim("the pods that call to this one is IN CLEAR");
        pods.apply_service(family);
        row(pods, replica, table, ("service", &alias, 3306));
    }
}
